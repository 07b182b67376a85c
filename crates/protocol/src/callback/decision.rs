//! What the address of the page means to a login that is pending.

use super::exchange::Exchange;
use crate::{
    authorization::pending::PendingRequest,
    callback_url::{self, ReturnParameters},
    error::{Error, ErrorCode},
    page::Page,
    secret::Secret,
    session::{
        cookies::{self, Cookies},
        tokens::Tokens,
    },
    settings::Settings,
};

/// What a return asks of the browser, in this order: store, clean the address, then the step.
#[derive(Debug, PartialEq, Eq)]
pub struct Inspection {
    /// Whether the pending request is used up and must be removed from storage.
    pub consumes: bool,
    /// The address to show from now on, if it must change.
    pub clean_href: Option<String>,
    /// What to do.
    pub step: Step,
}

/// What to do about a return.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// No return of this client: go on with the session that is here.
    NotOurs,
    /// Exchange a code for tokens.
    Exchange(Exchange),
    /// Tokens came with the return.
    Adopt(Box<PendingRequest>, Tokens),
    /// The session came in cookies.
    ReadCookies(Box<PendingRequest>),
    /// The login or link did not happen. The session that is here stays.
    Refused(Box<PendingRequest>, Refusal),
}

impl Step {
    /// The login or link that a return belongs to.
    pub fn pending(&self) -> Option<&PendingRequest> {
        match self {
            Self::NotOurs => None,
            Self::Exchange(exchange) => Some(exchange.pending()),
            Self::Adopt(pending, _) | Self::ReadCookies(pending) | Self::Refused(pending, _) => Some(pending),
        }
    }
}

/// Why a login or link did not happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Authress said so, with its codes.
    ByServer {
        /// `error`, RFC 6749 section 4.1.2.1.
        error: String,
        /// Authress's `errorCode`.
        error_code: Option<String>,
    },
    /// The return names another issuer (RFC 9207 section 2.4), has a parameter twice, or its tokens do not fit.
    Untrusted,
}

impl Refusal {
    /// The refusal as an error, for logs.
    pub fn to_error(&self) -> Error {
        match self {
            Self::ByServer { error, error_code } => {
                Error::from(ErrorCode::RequestRefused).with_server_code(error_code.as_ref().unwrap_or(error))
            }
            Self::Untrusted => ErrorCode::InvalidServerResponse.into(),
        }
    }
}

/// Decides what the current address means.
///
/// `find_pending` looks a pending request up by nonce. Only a return whose nonce matches a pending
/// request of this browser can change the session.
pub fn inspect(
    settings: &Settings,
    page: &Page,
    cookies: &Cookies,
    find_pending: impl FnOnce(&str) -> Option<Box<PendingRequest>>,
) -> Inspection {
    let href = page.href();
    let parameters = ReturnParameters::parse(href);
    let own_issuer = parameters.issuer.as_deref().map(|issuer| settings.is_issuer(issuer));
    let pending =
        parameters.nonce.as_deref().and_then(|nonce| find_pending(nonce).filter(|pending| pending.nonce == nonce));
    let Some(pending) = pending else {
        // Without a nonce it is no return of a login client: an extension's code may be among it.
        let clean_href = match (&parameters.nonce, own_issuer) {
            (Some(_), Some(true)) => callback_url::without_return_parameters(href),
            (Some(_), _) => callback_url::without_tokens(href),
            (None, _) => None,
        };
        return Inspection { consumes: false, clean_href, step: Step::NotOurs };
    };
    if !pending.is_of(settings) {
        // Another client of this page has begun it and needs the address as it is.
        return Inspection { consumes: false, clean_href: None, step: Step::NotOurs };
    }
    let clean_href = pending.address_after(href);
    if own_issuer == Some(false) || callback_url::has_doubled_parameter(href) {
        // A response of another issuer, or one with parameters laid into it: the real one may still come.
        return Inspection { consumes: false, clean_href, step: Step::Refused(pending, Refusal::Untrusted) };
    }
    let step = step_of(settings, page, cookies, &parameters, pending);
    Inspection { consumes: true, clean_href, step }
}

fn step_of(
    settings: &Settings,
    page: &Page,
    cookies: &Cookies,
    parameters: &ReturnParameters,
    pending: Box<PendingRequest>,
) -> Step {
    if let Some(error) = parameters.error.clone() {
        return Step::Refused(pending, Refusal::ByServer { error, error_code: parameters.error_code.clone() });
    }
    if let Some(code) = &parameters.code {
        let code = match code.expose() {
            "cookie" => cookies.first(cookies::AUTH_CODE).map(|value| Secret::new(cookies::decode_value(value))),
            _ => Some(code.clone()),
        };
        return match code {
            Some(code) => Step::Exchange(Exchange::new(pending, code)),
            None => Step::Refused(pending, Refusal::Untrusted),
        };
    }
    match (parameters.id_token.clone(), page.is_localhost()) {
        (Some(id_token), true) => {
            match Tokens::new(settings, parameters.access_token.clone(), id_token, parameters.expires_in) {
                Ok(tokens) => Step::Adopt(pending, tokens),
                Err(_) => Step::Refused(pending, Refusal::Untrusted),
            }
        }
        // Elsewhere tokens in an address are never taken: they would be in logs and histories.
        (_, false) | (None, true) => Step::ReadCookies(pending),
    }
}
