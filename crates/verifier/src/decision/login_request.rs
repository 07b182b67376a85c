//! The login request of Authress: `state`, `redirect_uri` and usually `client_id`, parsed strictly.

use std::borrow::Cow;

use super::parameter::Parameter;
use super::refusal::{Refusal, RefusalCode};

/// The longest query, in bytes.
pub const MAX_QUERY_BYTES: usize = 4096;

/// The longest `state`, in bytes after decoding.
///
/// It is Authress's id of the pending login, today well below 100 characters. 512 leaves room for a signed or encrypted
/// state and keeps the response URL well below the 8 KiB that servers commonly accept as a request line.
pub const MAX_STATE_BYTES: usize = 512;

/// The longest `redirect_uri`, in bytes after decoding.
pub const MAX_REDIRECT_URI_BYTES: usize = 1024;

/// The longest `client_id`, in bytes after decoding. Access keys have the same limit.
pub const MAX_CLIENT_ID_BYTES: usize = 64;

/// A login request: no parameter occurs twice, and each has a bounded size and consists of visible ASCII (`0x21` to
/// `0x7e`). RFC 6749 appendix A also allows the space; no id or URL of Authress has one, and without it a value cannot
/// end in invisible characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginRequest {
    pub(crate) state: String,
    pub(crate) redirect_uri: String,
    /// `None` if the request names no service client. Authress documents `state` and `redirect_uri` only.
    pub(crate) client_id: Option<String>,
}

impl LoginRequest {
    /// Parses the raw query of the URL, without the question mark.
    ///
    /// Other parameters are ignored, as RFC 6749 section 3.1 requires, but must be well-formed: a query with invalid
    /// encoding or control characters is refused as a whole.
    ///
    /// # Errors
    /// A [`Refusal`] that names the parameter.
    pub fn parse(query: &str) -> Result<Self, Refusal> {
        if query.len() > MAX_QUERY_BYTES {
            return Err(RefusalCode::QueryTooLong.into());
        }
        let (mut state, mut redirect_uri, mut client_id) = (None, None, None);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (parameter, slot) = match &*decode_component(name)? {
                "state" => (Parameter::State, &mut state),
                "redirect_uri" => (Parameter::RedirectUri, &mut redirect_uri),
                "client_id" => (Parameter::ClientId, &mut client_id),
                _ => {
                    decode_component(value)?;
                    continue;
                }
            };
            let value = decode_component(value).map_err(|code| code.of(parameter))?;
            if slot.replace(value).is_some() {
                return Err(RefusalCode::DuplicateParameter.of(parameter));
            }
        }
        Ok(Self {
            state: bounded(state, Parameter::State, MAX_STATE_BYTES)?,
            redirect_uri: bounded(redirect_uri, Parameter::RedirectUri, MAX_REDIRECT_URI_BYTES)?,
            // RFC 6749 section 3.1: a parameter without a value counts as omitted.
            client_id: match client_id {
                None => None,
                Some(value) if value.is_empty() => None,
                given => Some(bounded(given, Parameter::ClientId, MAX_CLIENT_ID_BYTES)?),
            },
        })
    }
}

/// Decodes a name or value of `application/x-www-form-urlencoded`. It refuses everything that browsers' parsers would
/// repair: incomplete percent-encoding, bytes that are not UTF-8, raw characters outside ASCII. It also refuses control
/// characters in any form.
pub(crate) fn decode_component(text: &str) -> Result<Cow<'_, str>, RefusalCode> {
    // Most names and values need no decoding.
    if text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'%' && byte != b'+') {
        return Ok(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => match (rest.next().and_then(hex_digit), rest.next().and_then(hex_digit)) {
                (Some(high), Some(low)) => (high << 4) | low,
                (None, _) | (_, None) => return Err(RefusalCode::MalformedEncoding),
            },
            0x21..=0x7e => byte,
            _ => return Err(RefusalCode::MalformedEncoding),
        });
    }
    let decoded = String::from_utf8(bytes).map_err(|_| RefusalCode::MalformedEncoding)?;
    if decoded.chars().any(char::is_control) {
        return Err(RefusalCode::InvalidCharacter);
    }
    Ok(Cow::Owned(decoded))
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

fn bounded(value: Option<Cow<'_, str>>, parameter: Parameter, max_bytes: usize) -> Result<String, Refusal> {
    let value = value.unwrap_or_default();
    if value.is_empty() {
        return Err(RefusalCode::MissingParameter.of(parameter));
    }
    if value.len() > max_bytes {
        return Err(RefusalCode::OversizedParameter.of(parameter));
    }
    if !value.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(RefusalCode::InvalidCharacter.of(parameter));
    }
    Ok(value.into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refusal(query: &str) -> (RefusalCode, Option<Parameter>) {
        let refusal = LoginRequest::parse(query).unwrap_err();
        (refusal.code, refusal.parameter)
    }

    #[test]
    fn the_three_parameters_are_decoded_in_any_order() {
        let request =
            LoginRequest::parse("client_id=sc_1&response_type=code&%73tate=a%2Bb&redirect_uri=https%3A%2F%2Fx%2Flogin")
                .unwrap();
        assert_eq!(request.state, "a+b");
        assert_eq!(request.redirect_uri, "https://x/login");
        assert_eq!(request.client_id.as_deref(), Some("sc_1"));
    }

    #[test]
    fn a_request_may_name_no_service_client() {
        for query in ["state=s&redirect_uri=r", "state=s&redirect_uri=r&client_id=", "client_id&redirect_uri=r&state=s"]
        {
            assert_eq!(LoginRequest::parse(query).unwrap().client_id, None, "{query}");
        }
    }

    #[test]
    fn empty_pairs_and_other_parameters_are_ignored() {
        assert!(LoginRequest::parse("&&state=s&redirect_uri=r&client_id=c&x&y=%C3%A4&y=2&").is_ok());
    }

    #[test]
    fn a_missing_parameter_is_named() {
        for (query, parameter) in [
            ("", Parameter::State),
            ("redirect_uri=r&client_id=c", Parameter::State),
            ("state=&redirect_uri=r&client_id=c", Parameter::State),
            ("state&redirect_uri=r&client_id=c", Parameter::State),
            ("State=s&redirect_uri=r&client_id=c", Parameter::State),
            ("state=s;redirect_uri=r&client_id=c", Parameter::RedirectUri),
            ("state=s&redirect_uri=&client_id=c", Parameter::RedirectUri),
        ] {
            assert_eq!(refusal(query), (RefusalCode::MissingParameter, Some(parameter)), "{query}");
        }
    }

    #[test]
    fn a_duplicate_parameter_is_named_however_it_is_encoded() {
        for (query, parameter) in [
            ("state=s&redirect_uri=r&client_id=c&state=s", Parameter::State),
            ("state=s&redirect_uri=r&client_id=c&%73tate=t", Parameter::State),
            ("redirect_uri=&redirect_uri=r&state=s&client_id=c", Parameter::RedirectUri),
            ("client_id&client_id=c&state=s&redirect_uri=r", Parameter::ClientId),
        ] {
            assert_eq!(refusal(query), (RefusalCode::DuplicateParameter, Some(parameter)), "{query}");
        }
    }

    #[test]
    fn each_parameter_has_its_limit() {
        for (parameter, max_bytes) in [
            (Parameter::State, MAX_STATE_BYTES),
            (Parameter::RedirectUri, MAX_REDIRECT_URI_BYTES),
            (Parameter::ClientId, MAX_CLIENT_ID_BYTES),
        ] {
            let query = |length: usize| {
                ["state", "redirect_uri", "client_id"]
                    .map(|name| format!("{name}={}", "x".repeat(if name == parameter.name() { length } else { 1 })))
                    .join("&")
            };
            assert!(LoginRequest::parse(&query(max_bytes)).is_ok(), "{parameter}");
            assert_eq!(refusal(&query(max_bytes + 1)), (RefusalCode::OversizedParameter, Some(parameter)));
        }
        assert_eq!(refusal(&"x".repeat(MAX_QUERY_BYTES + 1)), (RefusalCode::QueryTooLong, None));
    }

    #[test]
    fn invalid_encoding_is_refused_everywhere() {
        for broken in ["%", "%4", "%g1", "%+1", "%ff", "%c3%28", "%ed%a0%80", "ä"] {
            let in_state = format!("state={broken}&redirect_uri=r&client_id=c");
            assert_eq!(refusal(&in_state), (RefusalCode::MalformedEncoding, Some(Parameter::State)), "{broken}");
            let elsewhere = format!("state=s&redirect_uri=r&client_id=c&x={broken}");
            assert_eq!(refusal(&elsewhere), (RefusalCode::MalformedEncoding, None), "{broken}");
        }
    }

    #[test]
    fn control_characters_and_anything_but_visible_ascii_are_refused() {
        for text in ["%00", "a%0d%0aSet-Cookie:x", "%09", "%7f", "%c2%85", "a+b", "a%20", "%c3%a4", "%e2%80%ae"] {
            let query = format!("state={text}&redirect_uri=r&client_id=c");
            assert_eq!(refusal(&query), (RefusalCode::InvalidCharacter, Some(Parameter::State)), "{text}");
        }
        let elsewhere = "state=s&redirect_uri=r&client_id=c&x=%00";
        assert_eq!(refusal(elsewhere), (RefusalCode::InvalidCharacter, None));
    }

    proptest! {
        #[test]
        fn accepted_values_are_bounded_visible_ascii(query in "(state|redirect_uri|client_id|[a-z%=&+]|\\PC|=|&){0,40}") {
            if let Ok(request) = LoginRequest::parse(&query) {
                for value in [&request.state, &request.redirect_uri].into_iter().chain(&request.client_id) {
                    prop_assert!(!value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic()));
                }
            }
        }
    }
}
