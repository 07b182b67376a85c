//! Pending authentication requests: from `POST /api/authentication` to their single answer.

use url::Url;

use crate::bounded::Bounded;
use crate::tokens::Grant;

/// How long a user may take to come back from the provider, in milliseconds: Authress's default
/// leeway.
pub(crate) const REQUEST_LIFETIME_MS: u64 = 5 * 60 * 1000;

const MAX_REQUESTS: usize = 20_000;

/// The requests by id. Answered and expired ones are kept until newer ones push them out, so that
/// a late or repeated return can be told from an invented one.
pub(crate) type Requests = Bounded<String, AuthenticationRequest>;

/// No requests yet.
pub(crate) fn no_requests() -> Requests {
    Bounded::new(MAX_REQUESTS)
}

/// A login or link that was asked for.
#[derive(Debug, Clone)]
pub(crate) struct AuthenticationRequest {
    /// The OAuth `state` towards the provider and the `nonce` towards the application.
    pub(crate) id: String,
    /// The application's, or the extension's id.
    pub(crate) application_id: String,
    /// Present where an extension asked, by plain OAuth.
    pub(crate) extension: Option<ExtensionLogin>,
    pub(crate) redirect_url: Url,
    /// As the application spelled it: the code exchange must repeat it exactly.
    pub(crate) redirect_url_text: String,
    pub(crate) code_challenge: String,
    /// `None` until the user picks a provider on the hosted page.
    pub(crate) connection_id: Option<String>,
    pub(crate) wants_code: bool,
    pub(crate) response_location: ResponseLocation,
    pub(crate) audiences: Vec<String>,
    pub(crate) scope: String,
    /// The user id that a new identity is linked to, if this is a link.
    pub(crate) link_to_user: Option<String>,
    pub(crate) expires_at_ms: u64,
    pub(crate) progress: Progress,
}

/// What only the login of an extension has.
#[derive(Debug, Clone, Default)]
pub(crate) struct ExtensionLogin {
    /// The extension's own `state`, given back as it came (RFC 6749 section 4.1.2).
    pub(crate) state: Option<String>,
}

/// Where an application wants its tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResponseLocation {
    /// In cookies where possible; the default.
    Cookie,
    /// In the query.
    Query,
    /// Nowhere: only the session is started.
    None,
}

/// How far a request has come. It only moves forward.
#[derive(Debug, Clone)]
pub(crate) enum Progress {
    /// The user is at the provider.
    AwaitingProvider,
    /// The user is back at the application with a code to exchange.
    CodeIssued(Box<IssuedCode>),
    /// Answered; nothing can be got from it any more.
    Finished,
}

/// A code and what it can be exchanged for.
#[derive(Debug, Clone)]
pub(crate) struct IssuedCode {
    pub(crate) code: String,
    pub(crate) grant: Grant,
    pub(crate) session_id: String,
    pub(crate) expires_at_ms: u64,
}

/// What a returning `state` refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It can be answered.
    Pending,
    /// The user took too long.
    Expired,
    /// It was answered before.
    Answered,
}

impl AuthenticationRequest {
    pub(crate) fn standing(&self, now_ms: u64) -> Standing {
        match &self.progress {
            Progress::CodeIssued(_) | Progress::Finished => Standing::Answered,
            Progress::AwaitingProvider if now_ms >= self.expires_at_ms => Standing::Expired,
            Progress::AwaitingProvider => Standing::Pending,
        }
    }
}
