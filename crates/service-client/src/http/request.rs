//! A request to the management API, without its token.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use reqwest::header::HeaderValue;
use serde::Serialize;
use url::Url;

use crate::retry::Repeat;
use crate::values::InvalidValue;

/// A request that can be sent several times.
#[derive(Debug)]
pub(crate) struct ApiRequest {
    /// The name for logs.
    pub(crate) operation: &'static str,
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) if_unmodified_since: Option<HeaderValue>,
}

impl ApiRequest {
    /// The segments stand below `/v1`; they are encoded here.
    pub(crate) fn get(operation: &'static str, origin: &str, segments: &[&str]) -> Result<Self, InvalidValue> {
        Self::new(operation, Method::GET, origin, segments)
    }

    pub(crate) fn delete(operation: &'static str, origin: &str, segments: &[&str]) -> Result<Self, InvalidValue> {
        Self::new(operation, Method::DELETE, origin, segments)
    }

    pub(crate) fn post(
        operation: &'static str,
        origin: &str,
        segments: &[&str],
        body: &impl Serialize,
    ) -> Result<Self, InvalidValue> {
        Self::new(operation, Method::POST, origin, segments)?.with_body(body)
    }

    /// Replaces what is at this path if it was not changed since `last_updated`, as Authress wrote that time.
    pub(crate) fn put_if_unmodified(
        operation: &'static str,
        origin: &str,
        segments: &[&str],
        last_updated: Option<&str>,
        body: &impl Serialize,
    ) -> Result<Self, InvalidValue> {
        let invalid = InvalidValue { name: "last_updated", allowed: "the value that the record had when it was read" };
        let last_updated = last_updated.filter(|text| !text.is_empty()).ok_or(invalid)?;
        let if_unmodified_since = Some(HeaderValue::from_str(last_updated).map_err(|_| invalid)?);
        let request = Self::new(operation, Method::PUT, origin, segments)?.with_body(body)?;
        Ok(Self { if_unmodified_since, ..request })
    }

    fn new(operation: &'static str, method: Method, origin: &str, segments: &[&str]) -> Result<Self, InvalidValue> {
        let mut text = format!("{origin}/v1");
        for segment in segments {
            // A URL parser would resolve these, also percent-encoded, and the request would go to another path.
            if matches!(*segment, "" | "." | "..") {
                return Err(InvalidValue { name: "identifier in a path", allowed: "not empty, and not . or .." });
            }
            text.push('/');
            text.extend(utf8_percent_encode(segment, ENCODED));
        }
        let url = Url::parse(&text).map_err(|_| InvalidValue {
            name: "Authress domain",
            allowed: "a URL such as https://login.example.com",
        })?;
        Ok(Self { operation, method, url, body: None, if_unmodified_since: None })
    }

    fn with_body(self, body: &impl Serialize) -> Result<Self, InvalidValue> {
        let body = serde_json::to_vec(body)
            .map_err(|_| InvalidValue { name: "body of the request", allowed: "serializable as JSON" })?;
        Ok(Self { body: Some(body), ..self })
    }

    /// Adds parameters to the query.
    pub(crate) fn with_query<'a>(mut self, parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        self.url.query_pairs_mut().extend_pairs(parameters);
        self
    }

    /// Whether the request changes something at Authress.
    pub(crate) fn is_change(&self) -> bool {
        self.method != Method::GET
    }

    /// When it may be repeated. A PUT has a precondition, which a second one no longer meets.
    pub(crate) fn repeat(&self) -> Repeat {
        if self.method == Method::POST { Repeat::IfNotProcessed } else { Repeat::Always }
    }
}

/// All but the unreserved characters of RFC 3986.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ORIGIN: &str = "https://login.example.com";

    fn url(segments: &[&str]) -> String {
        ApiRequest::get("test", ORIGIN, segments).unwrap().url.into()
    }

    #[test]
    fn segments_are_encoded_one_by_one() {
        assert_eq!(
            url(&["users", "slack|T0/U1", "resources", "/carts/a b", "permissions", "documents:*"]),
            "https://login.example.com/v1/users/slack%7CT0%2FU1/resources/%2Fcarts%2Fa%20b/permissions/documents%3A%2A"
        );
        assert_eq!(url(&["users", "a%2Fb?c#d\\e"]), "https://login.example.com/v1/users/a%252Fb%3Fc%23d%5Ce");
    }

    #[test]
    fn segments_that_would_change_the_path_are_errors() {
        for segment in ["", ".", ".."] {
            assert!(ApiRequest::delete("test", ORIGIN, &["users", segment]).is_err(), "{segment:?}");
        }
    }

    #[test]
    fn an_update_needs_the_time_of_the_last_one() {
        let put = |last_updated| ApiRequest::put_if_unmodified("test", ORIGIN, &["records", "r"], last_updated, &());
        assert!(put(None).is_err() && put(Some("")).is_err() && put(Some("a\nb")).is_err());
        let request = put(Some("2026-01-02T03:04:05.678Z")).unwrap();
        assert_eq!(request.if_unmodified_since.unwrap(), "2026-01-02T03:04:05.678Z");
    }

    #[test]
    fn the_query_is_encoded() {
        let request = ApiRequest::get("test", ORIGIN, &["users"]).unwrap().with_query([("filter", "a&b=c d")]);
        assert_eq!(request.url.query(), Some("filter=a%26b%3Dc+d"));
    }

    proptest! {
        #[test]
        fn any_text_stays_one_segment(text in "\\PC{1,40}") {
            prop_assume!(!matches!(text.as_str(), "." | ".."));
            let request = ApiRequest::get("test", ORIGIN, &["users", &text]).unwrap();
            let segments: Vec<_> = request.url.path_segments().unwrap().collect();
            prop_assert_eq!(segments.len(), 3);
            let decoded = percent_encoding::percent_decode_str(segments[2]).decode_utf8().unwrap();
            prop_assert_eq!(decoded, text);
            prop_assert!(request.url.query().is_none() && request.url.fragment().is_none());
        }
    }
}
