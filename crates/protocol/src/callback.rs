//! The browser's return: what it means, and the exchange of a code.

use crate::{
    anti_abuse::{self, Unhashed},
    cookies::{self, Cookies},
    error::{Error, ErrorCode},
    http::{self, Method, Outcome, Request},
    json::{JsonObject, ObjectWriter},
    moment::Moment,
    page::Page,
    pending::{self, PendingRequest},
    return_url::{self, ReturnParameters},
    secret::Secret,
    session::Tokens,
    settings::Settings,
    text,
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
            (Some(_), Some(true)) => return_url::without_return_parameters(href),
            (Some(_), _) => return_url::without_tokens(href),
            (None, _) => None,
        };
        return Inspection { consumes: false, clean_href, step: Step::NotOurs };
    };
    if !pending.is_of(settings) {
        // Another client of this page has begun it and needs the address as it is.
        return Inspection { consumes: false, clean_href: None, step: Step::NotOurs };
    }
    let clean_href = pending.address_after(href);
    if own_issuer == Some(false) || return_url::has_doubled_parameter(href) {
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
            Some(code) => Step::Exchange(Exchange { pending, code }),
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

/// A callback that is being handled. The tab keeps it until it is done, since the page may be reloaded or left before:
/// the next page of the tab goes on with it.
#[derive(Debug)]
pub struct Unfinished {
    page: Page,
    pending: Box<PendingRequest>,
}

impl Unfinished {
    /// The key in the storage of the tab.
    pub fn key(settings: &Settings) -> String {
        text::concat(&["AuthenticationCallback ", &settings.origin(), " ", settings.application_id()])
    }

    /// The callback at `page` of the login or link that is pending, as stored.
    pub fn to_json(page: &Page, pending: &PendingRequest) -> Secret {
        let record = ObjectWriter::new().string("href", page.href()).raw("pending", pending.to_json().expose());
        Secret::new(record.finish())
    }

    /// Reads it back; `None` if it is unusable or over an hour old.
    pub fn from_json(record: &str, now_ms: i64) -> Option<Self> {
        let record = JsonObject::parse(record)?;
        let pending = record.object("pending").filter(|pending| !pending::is_stale(pending, now_ms))?;
        Some(Self { page: Page::new(&record.str("href")?).ok()?, pending: PendingRequest::from_json(&pending)? })
    }

    /// The id of its authentication request.
    pub fn nonce(&self) -> &str {
        &self.pending.nonce
    }

    /// What to do about it now.
    pub fn step(self, settings: &Settings, cookies: &Cookies) -> Step {
        inspect(settings, &self.page, cookies, |_| Some(self.pending)).step
    }
}

/// A code that can be exchanged, together with the request it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    pending: Box<PendingRequest>,
    code: Secret,
}

/// What a code exchange came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Exchanged {
    /// Tokens came in the answer.
    Tokens(Tokens),
    /// The answer was good; the session is in cookies.
    Cookies,
    /// The code is expired, used or not ours. It may have been used by an earlier try whose answer
    /// was lost, so the session must be looked for before anybody is told.
    CodeRefused(Error),
    /// No answer: the same code can be tried again.
    Unanswered(Error),
    /// Authress or its answer is at fault; trying again will not help.
    Failed(Error),
}

impl Exchange {
    /// The login or link that this completes.
    pub fn pending(&self) -> &PendingRequest {
        &self.pending
    }

    /// The request to send, once its hash is found.
    pub fn request(
        &self,
        settings: &Settings,
        now: Moment,
        search_start: u32,
        with_credentials: bool,
    ) -> Box<Unhashed> {
        let nonce = &self.pending.nonce;
        let values = anti_abuse::values::token_exchange(settings.application_id(), nonce, self.code.expose());
        let body = ObjectWriter::new()
            .string("grant_type", "authorization_code")
            .string("redirect_uri", &self.pending.redirect_url)
            .string("client_id", settings.application_id())
            .string("code", self.code.expose())
            .string("code_verifier", self.pending.code_verifier.expose());
        let request = Request {
            method: Method::Post,
            path: text::concat(&["/api/authentication/", nonce, "/tokens"]),
            body: None,
            bearer: None,
            with_credentials,
        };
        Unhashed::new(&values, now, search_start, body, request)
    }

    /// Reads the answer.
    pub fn accept(&self, settings: &Settings, outcome: Outcome) -> Exchanged {
        match http::success(outcome).and_then(|body| Tokens::from_answer(settings, &body)) {
            Ok(Some(tokens)) => Exchanged::Tokens(tokens),
            Ok(None) => Exchanged::Cookies,
            Err(error) => match (error.code, error.server_code.as_deref()) {
                (ErrorCode::RequestRefused, Some("invalid_request" | "invalid_grant")) => Exchanged::CodeRefused(error),
                (ErrorCode::AuthressSdkNetworkError, _) => Exchanged::Unanswered(error),
                _ => Exchanged::Failed(error),
            },
        }
    }
}

#[cfg(test)]
mod tests;
