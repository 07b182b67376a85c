//! Authentication requests: pending from `POST /api/authentication` until their one response.

use url::Url;

use crate::bounded_map::BoundedMap;
use crate::model::grant::Grant;
use crate::model::identity::{Identity, IdentityKey};

/// The scope of a login that requests none.
pub(crate) const DEFAULT_SCOPE: &str = "openid profile email";

/// How long a user may take to return from the provider, in milliseconds: Authress's default
/// leeway.
pub(crate) const REQUEST_LIFETIME_MS: u64 = 5 * 60 * 1000;

const MAX_REQUESTS: usize = 20_000;

/// The requests by id. Completed and expired ones are kept until newer ones displace them, so that the error of a
/// late or repeated callback differs from that of an invented `state`.
pub(crate) type Requests = BoundedMap<String, AuthenticationRequest>;

/// An empty map of requests.
pub(crate) fn no_requests() -> Requests {
    BoundedMap::new(MAX_REQUESTS)
}

/// A request for a login, or for the link of an identity.
#[derive(Debug, Clone)]
pub(crate) struct AuthenticationRequest {
    /// The OAuth `state` towards the provider and the `nonce` towards the application.
    pub(crate) id: String,
    /// The application's, or the extension's id.
    pub(crate) application_id: String,
    /// Present if the request is an extension's, by plain OAuth.
    pub(crate) extension: Option<ExtensionRequest>,
    pub(crate) redirect_url: Url,
    /// As the application spelled it: the code exchange must repeat it exactly.
    pub(crate) redirect_url_text: String,
    pub(crate) code_challenge: String,
    /// `None` until the user chooses a provider on the hosted page.
    pub(crate) connection_id: Option<String>,
    pub(crate) wants_code: bool,
    pub(crate) response_location: ResponseLocation,
    pub(crate) audiences: Vec<String>,
    pub(crate) scope: String,
    /// The user id that a new identity is linked to, if this is a link.
    pub(crate) link_to_user: Option<String>,
    /// Which browser may complete it.
    pub(crate) browser: BrowserBinding,
    /// The invite that the login uses up.
    pub(crate) invite_id: Option<String>,
    pub(crate) expires_at_ms: u64,
    pub(crate) progress: Progress,
}

/// What only the request of an extension has.
#[derive(Debug, Clone, Default)]
pub(crate) struct ExtensionRequest {
    /// The extension's own `state`, returned unchanged (RFC 6749 section 4.1.2).
    pub(crate) state: Option<String>,
}

/// Which browser may complete a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BrowserBinding {
    /// Any that knows the request's id.
    None,
    /// The one that comes from a page of this origin first. A page on another site than the login host cannot have a
    /// cookie of that host when the request begins.
    FirstFrom(String),
    /// The one with a cookie of this value.
    Cookie(String),
}

/// Where an application wants its tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResponseLocation {
    /// In cookies where possible; the default.
    Cookie,
    /// In the query.
    Query,
    /// Not at all: the login only starts the session.
    None,
}

/// The progress of a request. It only moves forward.
#[derive(Debug, Clone)]
pub(crate) enum Progress {
    /// The user is at the provider.
    AwaitingProvider,
    /// The user is back at the application with a code to exchange.
    CodeIssued(Box<IssuedCode>),
    /// The application has its response, or its code is used.
    Finished,
}

/// A code and what it can be exchanged for.
#[derive(Debug, Clone)]
pub(crate) struct IssuedCode {
    pub(crate) code: String,
    pub(crate) grant: Grant,
    pub(crate) session_id: String,
    /// The identity that the exchange attaches to the user id of `grant`, if it is not attached yet.
    pub(crate) link: Option<(IdentityKey, Identity)>,
    pub(crate) expires_at_ms: u64,
}

/// The status of the request that a callback's `state` refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestStatus {
    /// The callback completes it.
    Pending,
    /// The user took too long.
    Expired,
    /// An earlier callback has completed it.
    Completed,
}

impl AuthenticationRequest {
    pub(crate) fn status(&self, now_ms: u64) -> RequestStatus {
        match &self.progress {
            Progress::CodeIssued(_) | Progress::Finished => RequestStatus::Completed,
            Progress::AwaitingProvider if now_ms >= self.expires_at_ms => RequestStatus::Expired,
            Progress::AwaitingProvider => RequestStatus::Pending,
        }
    }
}
