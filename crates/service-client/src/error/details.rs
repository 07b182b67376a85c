//! What Authress says about an error.

use std::fmt;

use serde::Deserialize;

/// What Authress says about an error. Its title is left out: it is not stable and may contain values of the request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorDetails {
    error_code: Option<String>,
    error_id: Option<String>,
}

impl ErrorDetails {
    /// Reads the body of an error, `{title, errorCode, errorId}`. Any other body has no details.
    pub(crate) fn read(body: &[u8]) -> Self {
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        struct Body {
            error_code: Option<serde_json::Value>,
            error_id: Option<serde_json::Value>,
        }
        let body: Body = serde_json::from_slice(body).unwrap_or_default();
        Self { error_code: identifier(body.error_code), error_id: identifier(body.error_id) }
    }

    /// Returns Authress's error code, which is stable.
    pub fn error_code(&self) -> Option<&str> {
        self.error_code.as_deref()
    }

    /// Returns the id of the failed request, which Authress's support asks for.
    pub fn error_id(&self) -> Option<&str> {
        self.error_id.as_deref()
    }
}

/// Takes a value only if it has the form of an identifier: it is printed, and a proxy could send anything.
fn identifier(value: Option<serde_json::Value>) -> Option<String> {
    const LONGEST: usize = 128;
    match value {
        Some(serde_json::Value::String(text))
            if (1..=LONGEST).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_:.".contains(&byte)) =>
        {
            Some(text)
        }
        Some(_) | None => None,
    }
}

impl fmt::Display for ErrorDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(error_code) = &self.error_code {
            write!(f, " (Authress's error code: {error_code})")?;
        }
        if let Some(error_id) = &self.error_id {
            write!(f, " (for Authress's support: error id {error_id})")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_are_identifiers_and_nothing_else() {
        let details =
            ErrorDetails::read(br#"{"title": "user a@b.example", "errorCode": "InvalidX", "errorId": "e-1"}"#);
        assert_eq!((details.error_code(), details.error_id()), (Some("InvalidX"), Some("e-1")));
        assert_eq!(details.to_string(), " (Authress's error code: InvalidX) (for Authress's support: error id e-1)");
        for body in [
            &b""[..],
            b"<html>",
            b"[]",
            br#"{"errorCode": 7, "errorId": {"a": 1}}"#,
            br#"{"errorCode": "a b", "errorId": "x@example.com"}"#,
            br#"{"errorCode": "", "errorId": "<script>"}"#,
            br#"{"errorCode": null}"#,
        ] {
            assert_eq!(ErrorDetails::read(body), ErrorDetails::default());
        }
    }
}
