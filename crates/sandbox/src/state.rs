//! Everything the sandbox knows, as one value.

use std::collections::HashMap;

use authress_jws::{JwkSet, SigningKey};
use url::Url;

use crate::anti_abuse::UsedHashes;
use crate::application::Application;
use crate::bounded::Bounded;
use crate::clock::Clock;
use crate::connection::{Connection, Person};
use crate::device::Devices;
use crate::extension::{ExtensionCodes, no_codes};
use crate::faults::Faults;
use crate::identity::Identities;
use crate::refusal::Refusal;
use crate::request::{Requests, no_requests};
use crate::request_log::RequestLog;
use crate::service_client::ServiceClient;
use crate::session::Sessions;
use crate::site::PublicUrl;
use crate::tokens::verify_access_token;

/// How long an application may take to exchange a code, in milliseconds, unless a test says
/// otherwise.
pub(crate) const CODE_LIFETIME_MS: u64 = 5 * 60 * 1000;

const MAX_PROVIDER_CODES: usize = 1_000;

/// The sandbox's configuration and memory. Handlers hold it behind one lock; every decision is a
/// function of it, the call, the time and fresh entropy.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) public_url: PublicUrl,
    /// Whether callbacks drop the query of the redirect URL.
    pub(crate) drops_redirect_query: bool,
    pub(crate) applications: HashMap<String, Application>,
    /// Third-party applications, which log in by plain OAuth; they have allow-lists like applications.
    pub(crate) extensions: HashMap<String, Application>,
    /// The platform's own page for the logins of extensions, if it has one.
    pub(crate) login_page: Option<Url>,
    pub(crate) service_clients: HashMap<String, ServiceClient>,
    /// In the order of the configuration, which is the order of the picker.
    pub(crate) connections: Vec<Connection>,
    pub(crate) signing_key: SigningKey,
    pub(crate) requests: Requests,
    pub(crate) provider_codes: Bounded<String, ProviderCode>,
    pub(crate) extension_codes: ExtensionCodes,
    pub(crate) sessions: Sessions,
    pub(crate) identities: Identities,
    pub(crate) devices: Devices,
    pub(crate) used_hashes: UsedHashes,
    pub(crate) code_lifetime_ms: u64,
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    pub(crate) log: RequestLog,
}

/// A fake provider's answer, until `/login` takes it.
#[derive(Debug, Clone)]
pub(crate) struct ProviderCode {
    pub(crate) request_id: String,
    pub(crate) connection_id: String,
    pub(crate) person: Person,
}

/// What a request carries beside its body.
#[derive(Debug, Clone, Default)]
pub(crate) struct Call {
    pub(crate) origin: Option<String>,
    pub(crate) bearer: Option<String>,
    /// The values of all session cookies: there may be one per domain.
    pub(crate) session_ids: Vec<String>,
    /// In milliseconds since 1970, by the sandbox's clock.
    pub(crate) now_ms: u64,
}

/// The user behind a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) user_id: String,
    /// The connection that identified the user when the session or token was made.
    pub(crate) connection_id: String,
}

impl State {
    /// A sandbox that nobody has used yet.
    pub(crate) fn new(public_url: PublicUrl, signing_key: SigningKey) -> Self {
        Self {
            public_url,
            drops_redirect_query: false,
            applications: HashMap::new(),
            extensions: HashMap::new(),
            login_page: None,
            service_clients: HashMap::new(),
            connections: vec![],
            signing_key,
            requests: no_requests(),
            provider_codes: Bounded::new(MAX_PROVIDER_CODES),
            extension_codes: no_codes(),
            sessions: Sessions::default(),
            identities: Identities::default(),
            devices: Devices::default(),
            used_hashes: UsedHashes::default(),
            code_lifetime_ms: CODE_LIFETIME_MS,
            clock: Clock::default(),
            faults: Faults::default(),
            log: RequestLog::default(),
        }
    }

    pub(crate) fn connection(&self, id: &str) -> Option<&Connection> {
        self.connections.iter().find(|connection| connection.id == id)
    }

    pub(crate) fn public_keys(&self) -> JwkSet {
        JwkSet { keys: vec![self.signing_key.public_jwk()] }
    }

    /// Whether pages of any configured application live on this origin.
    pub(crate) fn knows_origin(&self, origin: &str) -> bool {
        self.applications.values().any(|application| application.allows_origin(origin))
    }

    /// The session cookies of a call, but only from an application's page: another page of the
    /// same site also gets the browser to send them.
    pub(crate) fn trusted_session_ids<'a>(&self, call: &'a Call) -> &'a [String] {
        match &call.origin {
            Some(origin) if self.knows_origin(origin) => &call.session_ids,
            Some(_) | None => &[],
        }
    }

    /// Who is behind a call, by bearer token or else by session cookie. A bearer token that does
    /// not hold is not made good by a cookie, and an extension's token opens nobody's account.
    pub(crate) fn caller(&self, call: &Call, application_id: Option<&str>) -> Result<Caller, Refusal> {
        let Some(bearer) = &call.bearer else {
            let session = self.sessions.find(self.trusted_session_ids(call), call.now_ms);
            let caller = session.map(|(_, grant)| Caller {
                user_id: grant.user_id.clone(),
                connection_id: grant.connection_id.clone(),
            });
            return caller.ok_or_else(Refusal::unauthorized);
        };
        let token = verify_access_token(&self.signing_key, &self.public_url, bearer, call.now_ms)
            .filter(|token| application_id.is_none_or(|id| id == token.application_id))
            .ok_or_else(Refusal::unauthorized)?;
        if self.extensions.contains_key(&token.application_id) {
            let title = "An extension's token does not open the user's account; use an application's.";
            return Err(Refusal::new(403, "ExtensionTokenRefused", title));
        }
        Ok(Caller { user_id: token.user_id, connection_id: token.connection_id })
    }
}
