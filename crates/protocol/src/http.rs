//! Requests to Authress and their answers, as values; and when to try again.

use crate::{
    error::{Cause, Error, ErrorCode},
    secret::Secret,
};

/// How often a request is sent at the most.
pub const MAX_ATTEMPTS: u32 = 5;

/// The methods the protocol uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `GET`
    Get,
    /// `POST`
    Post,
    /// `PATCH`
    Patch,
    /// `DELETE`
    Delete,
}

impl Method {
    /// The method as HTTP spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// A request to the Authress API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path below the API's origin, beginning with `/api/`.
    pub path: String,
    /// The JSON body. Secret, since it may hold a code and its verifier.
    pub body: Option<Secret>,
    /// The access token to send as `Authorization: Bearer`.
    pub bearer: Option<Secret>,
    /// Whether cookies are sent and accepted (`credentials: "include"`).
    pub with_credentials: bool,
}

/// An answer. Its body is secret, since it may hold tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The body as text.
    pub body: Secret,
}

/// No answer came: offline, blocked by CORS, or cut off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoResponse {
    /// What the platform said about it.
    pub cause: Option<Cause>,
}

/// What a request came to.
pub type Outcome = Result<Response, NoResponse>;

/// How long to wait in milliseconds before trying again after attempt number `attempt` (from 1),
/// or `None` when its outcome stands.
///
/// Only what may pass by itself is tried again: no answer, or a server's failure (5xx).
pub fn retry_delay_ms(attempt: u32, outcome: &Outcome) -> Option<u32> {
    let passing = match outcome {
        Ok(response) => response.status >= 500,
        Err(NoResponse { .. }) => true,
    };
    (passing && attempt < MAX_ATTEMPTS).then(|| 10 << (attempt - 1).min(8))
}

/// Whether a refusal of a request with an anti-abuse hash may be due to the device's clock: the hash holds the time, and
/// one that is wrong makes the body invalid. A refusal of who asks (401, 403), of what is asked for (404, 409) or of how
/// often (429) has another reason.
pub fn may_be_due_to_clock(outcome: &Outcome) -> bool {
    outcome.as_ref().is_ok_and(|response| matches!(response.status, 400 | 422))
}

/// The body of a successful answer, or why there is none.
pub fn success(outcome: Outcome) -> Result<Secret, Error> {
    match outcome {
        Ok(Response { status: 200..=299, body }) => Ok(body),
        Ok(Response { status: status @ 400..=499, body }) => Err(Error::from_refusal(status, body.expose())),
        Ok(Response { status, .. }) => Err(Error::from(ErrorCode::AuthressSdkNetworkError).with_status(status)),
        Err(NoResponse { cause }) => Err(Error::from(ErrorCode::AuthressSdkNetworkError).with_cause(cause)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16) -> Outcome {
        Ok(Response { status, body: Secret::new("") })
    }

    #[test]
    fn five_attempts_with_doubling_pauses() {
        let pauses: Vec<_> = (1..=5).map(|attempt| retry_delay_ms(attempt, &answer(503))).collect();
        assert_eq!(pauses, [Some(10), Some(20), Some(40), Some(80), None]);
        assert_eq!(retry_delay_ms(1, &Err(NoResponse::default())), Some(10));
    }

    #[test]
    fn a_definite_answer_stands() {
        for status in [200, 204, 302, 400, 401, 404, 409, 429] {
            assert_eq!(retry_delay_ms(1, &answer(status)), None, "{status}");
        }
    }

    #[test]
    fn only_an_invalid_body_can_be_due_to_a_wrong_clock() {
        for status in [400, 422] {
            assert!(may_be_due_to_clock(&answer(status)), "{status}");
        }
        for status in [200, 204, 302, 401, 402, 403, 404, 405, 407, 408, 409, 410, 413, 425, 429, 451, 500, 503] {
            assert!(!may_be_due_to_clock(&answer(status)), "{status}");
        }
        assert!(!may_be_due_to_clock(&Err(NoResponse::default())));
    }

    #[test]
    fn a_servers_failure_is_a_network_error_that_keeps_its_status() {
        let error = success(answer(503)).unwrap_err();
        assert_eq!((error.code, error.status), (ErrorCode::AuthressSdkNetworkError, Some(503)));
        assert_eq!(success(Err(NoResponse::default())).unwrap_err().status, None);
    }
}
