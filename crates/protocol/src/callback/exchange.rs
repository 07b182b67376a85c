//! The exchange of an authorization code for tokens: `POST /api/authentication/{id}/tokens`.

use crate::{
    authorization::{
        pending::PendingAuthorization,
        proof_of_work::{self, ProofOfWorkRequest},
    },
    clock::ClockReading,
    error::{Error, ErrorCode},
    http::{self, Method, Outcome, Request},
    json::ObjectWriter,
    secret::Secret,
    session::tokens::Tokens,
    settings::Settings,
};

/// An authorization code with the login or link to which it belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeExchange {
    pending: Box<PendingAuthorization>,
    code: Secret,
}

/// The result of a code exchange.
#[derive(Debug, PartialEq, Eq)]
pub enum ExchangeResult {
    /// The response has tokens.
    Tokens(Tokens),
    /// Authress has set the session in cookies.
    Cookies,
    /// The code is expired, used or unknown. An earlier attempt whose response was lost may have used it, so Authress
    /// must be asked for the session before the login counts as failed.
    CodeRejected(Error),
    /// There was no response: the same code can be sent again.
    NetworkFailure(Error),
    /// The request was refused or the response is invalid. Sending it again does not help.
    Failed(Error),
}

impl CodeExchange {
    /// Makes the exchange that completes `pending`.
    pub fn new(pending: Box<PendingAuthorization>, code: Secret) -> Self {
        Self { pending, code }
    }

    #[cfg(test)]
    pub(super) fn code(&self) -> &Secret {
        &self.code
    }

    /// Returns the login or link that the exchange completes.
    pub fn pending(&self) -> &PendingAuthorization {
        &self.pending
    }

    /// Returns the request, which lacks its proof of work.
    pub fn request(
        &self,
        settings: &Settings,
        now: ClockReading,
        search_start: u32,
        with_credentials: bool,
    ) -> Box<ProofOfWorkRequest> {
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
            path: ["/api/authentication/", nonce, "/tokens"].concat(),
            body: None,
            bearer: None,
            with_credentials,
        };
        ProofOfWorkRequest::new(&values, now, search_start, body, request)
    }

    /// Reads the outcome of the request.
    pub fn read_outcome(&self, settings: &Settings, outcome: Outcome) -> ExchangeResult {
        match http::success(outcome).and_then(|body| Tokens::from_response(settings, &body)) {
            Ok(Some(tokens)) => ExchangeResult::Tokens(tokens),
            Ok(None) => ExchangeResult::Cookies,
            Err(error) => match (error.code, error.server_code.as_deref()) {
                (ErrorCode::RequestRefused, Some("invalid_request" | "invalid_grant")) => {
                    ExchangeResult::CodeRejected(error)
                }
                (ErrorCode::AuthressSdkNetworkError, _) => ExchangeResult::NetworkFailure(error),
                _ => ExchangeResult::Failed(error),
            },
        }
    }
}
