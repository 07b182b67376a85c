//! The exchange of an authorization code for tokens: `POST /api/authentication/{id}/tokens`.

use crate::{
    authorization::{
        pending::PendingRequest,
        proof_of_work::{self, Unhashed},
    },
    clock::Moment,
    error::{Error, ErrorCode},
    http::{self, Method, Outcome, Request},
    json::ObjectWriter,
    secret::Secret,
    session::tokens::Tokens,
    settings::Settings,
    text,
};

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
    pub(super) fn new(pending: Box<PendingRequest>, code: Secret) -> Self {
        Self { pending, code }
    }

    #[cfg(test)]
    pub(super) fn code(&self) -> &Secret {
        &self.code
    }

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
        let values = proof_of_work::values::token_exchange(settings.application_id(), nonce, self.code.expose());
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
