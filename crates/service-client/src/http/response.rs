//! What is read of a response.

use std::time::{Duration, SystemTime};

use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderName, RETRY_AFTER};
use serde::de::DeserializeOwned;

use crate::error::{ErrorDetails, ManagementError, ResponseProblem, TokenOwner};
use crate::retry::retry_after;

/// A response whose body is complete, or too large to be read.
#[derive(Debug)]
pub(crate) struct ApiResponse {
    pub(crate) status: u16,
    headers: HeaderMap,
    /// `None` if it is too large.
    body: Option<Vec<u8>>,
}

impl ApiResponse {
    pub(super) fn new(status: u16, headers: HeaderMap, body: Option<Vec<u8>>) -> Self {
        Self { status, headers, body }
    }

    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// What the body says about an error.
    pub(crate) fn details(&self) -> ErrorDetails {
        self.body.as_deref().map(ErrorDetails::read).unwrap_or_default()
    }

    /// The delay that the response asks for. `now` is the time since 1970.
    pub(crate) fn retry_after(&self, now: Duration) -> Option<Duration> {
        retry_after(self.header(RETRY_AFTER)?, now)
    }

    /// The body as JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, ManagementError> {
        let body = self.body.as_deref().ok_or_else(|| self.unexpected(ResponseProblem::Size))?;
        self.check_content_type()?;
        serde_json::from_slice(body).map_err(|_| self.unexpected(ResponseProblem::Body))
    }

    /// The body as JSON; `None` without a body.
    pub(crate) fn json_if_any<T: DeserializeOwned>(&self) -> Result<Option<T>, ManagementError> {
        match self.body.as_deref() {
            Some([]) => Ok(None),
            Some(_) | None => self.json().map(Some),
        }
    }

    /// Fails if the response says that its body is something else than JSON. A catch-all page of another server has the
    /// status 200 as well.
    pub(crate) fn check_content_type(&self) -> Result<(), ManagementError> {
        let Some(value) = self.headers.get(CONTENT_TYPE) else { return Ok(()) };
        let value = value.to_str().unwrap_or_default().to_ascii_lowercase();
        let essence = value.split(';').next().unwrap_or_default().trim();
        // Authress may use a JSON format of its own (RFC 6839 section 3.1).
        let is_json =
            essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"));
        if is_json { Ok(()) } else { Err(self.unexpected(ResponseProblem::ContentType)) }
    }

    /// The error for a status that is no success. `now` is the time since 1970.
    pub(crate) fn rejection(&self, owner: TokenOwner, now: Duration) -> ManagementError {
        let details = self.details();
        match self.status {
            400 | 422 => ManagementError::InvalidRequest(details),
            401 => ManagementError::Unauthorized { owner, clock_ahead_s: self.clock_ahead_s(now), details },
            403 => ManagementError::Forbidden(details),
            404 | 410 => ManagementError::NotFound(details),
            409 => ManagementError::Conflict(details),
            412 => ManagementError::Changed(details),
            413 => ManagementError::TooLarge(details),
            _ => self.unexpected(ResponseProblem::Status),
        }
    }

    pub(crate) fn unexpected(&self, problem: ResponseProblem) -> ManagementError {
        ManagementError::UnexpectedResponse { status: self.status, problem, details: self.details() }
    }

    /// How many seconds the clock is ahead of the one that has written the header `Date`.
    fn clock_ahead_s(&self, now: Duration) -> Option<i64> {
        let date = httpdate::parse_http_date(self.header(DATE)?).ok()?;
        let theirs = date.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
        i64::try_from(i128::from(now.as_secs()) - i128::from(theirs)).ok()
    }

    fn header(&self, name: HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;
    use serde_json::{Value, json};

    use super::*;

    fn response(status: u16, content_type: Option<&'static str>, body: &str) -> ApiResponse {
        let mut headers = HeaderMap::new();
        if let Some(content_type) = content_type {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        ApiResponse::new(status, headers, Some(body.as_bytes().to_vec()))
    }

    fn problem(result: Result<Value, ManagementError>) -> ResponseProblem {
        match result.unwrap_err() {
            ManagementError::UnexpectedResponse { problem, .. } => problem,
            error => panic!("{error:?}"),
        }
    }

    #[test]
    fn json_is_read_by_its_content_type() {
        for content_type in
            [None, Some("application/json"), Some("Application/JSON; charset=utf-8"), Some("application/links+json")]
        {
            assert_eq!(response(200, content_type, "{}").json::<Value>(), Ok(json!({})), "{content_type:?}");
        }
        for content_type in ["text/html", "text/json", "", "application/jsonp", "x/y+json"] {
            let result = response(200, Some(content_type), "{}").json();
            assert_eq!(problem(result), ResponseProblem::ContentType, "{content_type}");
        }
        assert_eq!(problem(response(200, None, "{").json()), ResponseProblem::Body);
        assert_eq!(problem(ApiResponse::new(200, HeaderMap::new(), None).json()), ResponseProblem::Size);
    }

    #[test]
    fn every_documented_status_has_its_error() {
        let codes = [
            (400, "InvalidRequest"),
            (401, "Unauthorized"),
            (403, "Forbidden"),
            (404, "NotFound"),
            (409, "Conflict"),
            (410, "NotFound"),
            (412, "Changed"),
            (413, "TooLarge"),
            (422, "InvalidRequest"),
            (302, "UnexpectedResponse"),
            (402, "UnexpectedResponse"),
        ];
        for (status, code) in codes {
            let error =
                response(status, None, r#"{"errorId": "e1"}"#).rejection(TokenOwner::ServiceClient, Duration::ZERO);
            assert_eq!(error.code(), code, "{status}");
            assert_eq!(error.details().unwrap().error_id(), Some("e1"));
        }
    }

    #[test]
    fn the_clock_is_compared_with_the_date_of_the_response() {
        let mut rejected = response(401, None, "");
        rejected.headers.insert(DATE, HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT"));
        let error = rejected.rejection(TokenOwner::ServiceClient, Duration::from_secs(784_111_777 - 3600));
        let ManagementError::Unauthorized { clock_ahead_s, .. } = error else { panic!("{error:?}") };
        assert_eq!(clock_ahead_s, Some(-3600));
    }
}
