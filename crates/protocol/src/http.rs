//! Requests to Authress and their outcomes as values, and when to send a request again.

use crate::{
    error::{Cause, Error, ErrorCode},
    secret::Secret,
};

/// How often a request is sent at most.
pub const MAX_ATTEMPTS: u32 = 5;

/// A method of HTTP.
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
    /// Returns the method as in HTTP.
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
    /// The path, which begins with `/api/`.
    pub path: String,
    /// The JSON body. It may hold a code and its verifier.
    pub body: Option<Secret>,
    /// The access token for the header `Authorization` (RFC 6750 section 2.1).
    pub bearer: Option<Secret>,
    /// Whether the browser sends and stores cookies (`credentials: "include"`).
    pub with_credentials: bool,
}

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The body as text. It may hold tokens.
    pub body: Secret,
}

/// A network failure: the device is offline, the connection broke, or CORS blocked the response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoResponse {
    /// The platform's own error.
    pub cause: Option<Cause>,
}

/// The outcome of a request.
pub type Outcome = Result<Response, NoResponse>;

/// Returns the delay before the next attempt in milliseconds, `None` if the outcome of attempt `attempt` (from 1) is
/// final.
///
/// A network failure and a server error (5xx) are temporary; any other response is final.
pub fn retry_delay_ms(attempt: u32, outcome: &Outcome) -> Option<u32> {
    let is_temporary = match outcome {
        Ok(response) => response.status >= 500,
        Err(NoResponse { .. }) => true,
    };
    (is_temporary && attempt < MAX_ATTEMPTS).then(|| 10 << (attempt - 1).min(8))
}

/// Whether a request with a proof of work may have been refused because of clock skew: the proof has the time, and a
/// wrong time makes the body invalid (400, 422). A refusal for credentials (401, 403), for the resource (404, 409) or
/// for the rate (429) has another reason.
pub fn may_be_clock_skew(outcome: &Outcome) -> bool {
    outcome.as_ref().is_ok_and(|response| matches!(response.status, 400 | 422))
}

/// Returns the body of a successful response, and an error for every other outcome.
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

    fn response(status: u16) -> Outcome {
        Ok(Response { status, body: Secret::new("") })
    }

    #[test]
    fn five_attempts_with_doubling_delays() {
        let delays: Vec<_> = (1..=5).map(|attempt| retry_delay_ms(attempt, &response(503))).collect();
        assert_eq!(delays, [Some(10), Some(20), Some(40), Some(80), None]);
        assert_eq!(retry_delay_ms(1, &Err(NoResponse::default())), Some(10));
    }

    #[test]
    fn other_responses_are_final() {
        for status in [200, 204, 302, 400, 401, 404, 409, 429] {
            assert_eq!(retry_delay_ms(1, &response(status)), None, "{status}");
        }
    }

    #[test]
    fn only_an_invalid_body_can_be_due_to_clock_skew() {
        for status in [400, 422] {
            assert!(may_be_clock_skew(&response(status)), "{status}");
        }
        for status in [200, 204, 302, 401, 402, 403, 404, 405, 407, 408, 409, 410, 413, 425, 429, 451, 500, 503] {
            assert!(!may_be_clock_skew(&response(status)), "{status}");
        }
        assert!(!may_be_clock_skew(&Err(NoResponse::default())));
    }

    #[test]
    fn a_server_error_is_a_network_error_with_its_status() {
        let error = success(response(503)).unwrap_err();
        assert_eq!((error.code, error.status), (ErrorCode::AuthressSdkNetworkError, Some(503)));
        assert_eq!(success(Err(NoResponse::default())).unwrap_err().status, None);
    }
}
