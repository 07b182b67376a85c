//! The sandbox's whole state as one value: its configuration and its memory.

use std::collections::HashMap;

use authress_jws::{JwkSet, SigningKey};
use url::Url;

use crate::clock::Clock;
use crate::control::faults::Faults;
use crate::control::request_log::RequestLog;
use crate::dialect::Dialect;
use crate::entropy::Entropy;
use crate::error::ApiError;
use crate::model::access::Access;
use crate::model::access_records::AccessRecords;
use crate::model::anti_abuse::UsedHashes;
use crate::model::application::Application;
use crate::model::authentication_request::{Requests, no_requests};
use crate::model::authorization_code::{ExtensionCodes, ProviderCodes, no_codes};
use crate::model::connection::Connection;
use crate::model::device::Devices;
use crate::model::grant::Grant;
use crate::model::identity::Identities;
use crate::model::invite::Invites;
use crate::model::login_count::LoginCount;
use crate::model::resource_uri::ResourceUri;
use crate::model::role::Roles;
use crate::model::service_client::ServiceClient;
use crate::model::session::Sessions;
use crate::model::spent_statements::SpentStatements;
use crate::model::user_deletion::UserDeletions;
use crate::request_context::RequestContext;
use crate::site::PublicUrl;
use crate::tokens::{TokenSet, issue, verify_access_token};

/// How long an application may take to exchange a code, in milliseconds, unless a test sets another time.
pub(crate) const CODE_LIFETIME_MS: u64 = 5 * 60 * 1000;

/// Configuration and memory. The HTTP handlers share it behind one lock.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) public_url: PublicUrl,
    pub(crate) dialect: Dialect,
    /// The dialect of before a test changed switches.
    pub(crate) configured_dialect: Dialect,
    pub(crate) applications: HashMap<String, Application>,
    /// Third-party applications, which log in by plain OAuth; they have allow-lists like applications.
    pub(crate) extensions: HashMap<String, Application>,
    /// The platform's own page for the logins of extensions, if it has one.
    pub(crate) login_page: Option<Url>,
    pub(crate) service_clients: HashMap<String, ServiceClient>,
    /// In the order of the configuration, in which the provider list shows them.
    pub(crate) connections: Vec<Connection>,
    pub(crate) signing_key: SigningKey,
    pub(crate) requests: Requests,
    pub(crate) provider_codes: ProviderCodes,
    pub(crate) extension_codes: ExtensionCodes,
    pub(crate) sessions: Sessions,
    pub(crate) identities: Identities,
    pub(crate) devices: Devices,
    pub(crate) used_hashes: UsedHashes,
    pub(crate) spent_statements: SpentStatements,
    pub(crate) invites: Invites,
    pub(crate) access_records: AccessRecords,
    pub(crate) roles: Roles,
    /// The collections of which a user may claim a resource.
    pub(crate) claimable_collections: Vec<ResourceUri>,
    /// The deletions of users that are accepted and not done yet.
    pub(crate) user_deletions: UserDeletions,
    /// The connection of each tenant, by the tenant's lookup identifier.
    pub(crate) tenants: HashMap<String, String>,
    pub(crate) logins: LoginCount,
    pub(crate) code_lifetime_ms: u64,
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    pub(crate) log: RequestLog,
}

/// The user on whose behalf a request is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AuthenticatedUser {
    pub(crate) user_id: String,
    /// The connection with which the user has logged in.
    pub(crate) connection_id: String,
}

impl State {
    /// The state of a new sandbox: without configuration and users.
    pub(crate) fn new(public_url: PublicUrl, signing_key: SigningKey) -> Self {
        Self {
            public_url,
            dialect: Dialect::default(),
            configured_dialect: Dialect::default(),
            applications: HashMap::new(),
            extensions: HashMap::new(),
            login_page: None,
            service_clients: HashMap::new(),
            connections: vec![],
            signing_key,
            requests: no_requests(),
            provider_codes: no_codes(),
            extension_codes: no_codes(),
            sessions: Sessions::default(),
            identities: Identities::default(),
            devices: Devices::default(),
            used_hashes: UsedHashes::default(),
            spent_statements: SpentStatements::default(),
            invites: Invites::default(),
            access_records: AccessRecords::default(),
            roles: Roles::default(),
            claimable_collections: vec![],
            user_deletions: UserDeletions::default(),
            tenants: HashMap::new(),
            logins: LoginCount::default(),
            code_lifetime_ms: CODE_LIFETIME_MS,
            clock: Clock::default(),
            faults: Faults::default(),
            log: RequestLog::default(),
        }
    }

    pub(crate) fn connection(&self, id: &str) -> Option<&Connection> {
        self.connections.iter().find(|connection| connection.id == id)
    }

    /// Whether identities of this connection can be linked. Service clients have no such setting.
    pub(crate) fn allows_links(&self, connection_id: &str) -> bool {
        self.dialect.links_by_default || self.connection(connection_id).is_none_or(|connection| connection.links)
    }

    /// What decides about access now.
    pub(crate) fn access(&self) -> Access<'_> {
        Access { records: &self.access_records, roles: &self.roles }
    }

    /// Deletes the users whose time has come: their identities, sessions, devices and access.
    pub(crate) fn finish_user_deletions(&mut self, now_ms: u64) {
        for user_id in self.user_deletions.take_due(now_ms) {
            self.identities.remove_user(&user_id);
            self.sessions.end_all_of(&user_id);
            self.devices.remove_user(&user_id);
            self.access_records.remove_user(&user_id, now_ms);
        }
    }

    pub(crate) fn public_keys(&self) -> JwkSet {
        JwkSet { keys: vec![self.signing_key.public_jwk()] }
    }

    /// The issuer of tokens and callbacks.
    pub(crate) fn issuer(&self) -> String {
        self.public_url.issuer(self.dialect.issuer)
    }

    /// Signs an access token and an id token for `grant`.
    pub(crate) fn issue(&self, grant: &Grant, now_ms: u64, entropy: &mut Entropy) -> TokenSet {
        issue(&self.signing_key, &self.issuer(), &self.dialect, grant, now_ms, entropy)
    }

    /// Whether pages of any configured application live on this origin.
    pub(crate) fn knows_origin(&self, origin: &str) -> bool {
        self.applications.values().any(|application| application.allows_origin(origin))
    }

    /// The session cookies of a request from an application's page. From any other page they do not count: every page
    /// of the same site can make the browser send them.
    pub(crate) fn trusted_session_ids<'a>(&self, context: &'a RequestContext) -> &'a [String] {
        match &context.origin {
            Some(origin) if self.knows_origin(origin) => &context.session_ids,
            Some(_) | None => &[],
        }
    }

    /// Authenticates a request by its bearer token or, without one, by its session cookie. With an invalid bearer
    /// token the cookie does not count. An extension's token does not authenticate the user.
    pub(crate) fn authenticated_user(
        &self,
        context: &RequestContext,
        application_id: Option<&str>,
    ) -> Result<AuthenticatedUser, ApiError> {
        let Some(bearer) = &context.bearer else {
            let session = self.sessions.find(self.trusted_session_ids(context), context.now_ms);
            let user = session.map(|(_, grant)| AuthenticatedUser {
                user_id: grant.user_id.clone(),
                connection_id: grant.connection_id.clone(),
            });
            return user.ok_or_else(ApiError::unauthorized);
        };
        let token = verify_access_token(&self.signing_key, &self.issuer(), bearer, context.now_ms)
            .filter(|token| application_id.is_none_or(|id| id == token.application_id))
            .ok_or_else(ApiError::unauthorized)?;
        if self.extensions.contains_key(&token.application_id) {
            let title = "An extension's token does not give access to the user's account; use an application's.";
            return Err(ApiError::new(403, "ExtensionTokenRefused", title));
        }
        Ok(AuthenticatedUser { user_id: token.user_id, connection_id: token.connection_id })
    }
}
