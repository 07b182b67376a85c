//! Every reason for which a request is refused: code, status and sentence in one table.

use std::time::Duration;

use axum::http::StatusCode;

use super::parameter::Parameter;

macro_rules! refusals {
    ($($(#[doc = $doc:literal])+ $code:ident, $status:ident, $sentence:literal;)+) => {
        /// The stable name of a refusal.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum RefusalCode {
            $($(#[doc = $doc])+ $code,)+
        }

        impl RefusalCode {
            /// All of them, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$code),+];

            /// The name as it stands in the answer's `code`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$code => stringify!($code)),+ }
            }

            /// The status of the answer.
            pub fn status(self) -> StatusCode {
                match self { $(Self::$code => StatusCode::$status),+ }
            }

            /// What is wrong and how to put it right.
            pub fn sentence(self) -> &'static str {
                match self { $(Self::$code => $sentence),+ }
            }
        }
    };
}

refusals! {
    /// `state`, `redirect_uri` or `client_id` is missing or empty: usually somebody opened the
    /// address by hand.
    MissingParameter, BAD_REQUEST,
        "This parameter is missing. Start the login in the shop, do not open this address directly.";
    /// A parameter that is read occurs twice (RFC 6749 section 3.1).
    DuplicateParameter, BAD_REQUEST, "This parameter occurs more than once. Send it once.";
    /// A parameter is longer than its bound.
    OversizedParameter, BAD_REQUEST,
        "This parameter is too long. At most 512 bytes of state, 1024 of redirect_uri and 64 of client_id are read.";
    /// A parameter has a control character, a space or a character outside ASCII.
    InvalidCharacter, BAD_REQUEST,
        "A parameter has a character that is not allowed. Visible ASCII characters are allowed.";
    /// Percent-encoding that is incomplete or is not UTF-8.
    MalformedEncoding, BAD_REQUEST,
        "The query is not percent-encoded UTF-8. Encode it as application/x-www-form-urlencoded.";
    /// The whole query is too long.
    QueryTooLong, URI_TOO_LONG, "The query is too long. At most 4096 bytes are read.";
    /// `client_id` is not the service client whose access key this verifier has.
    ForeignClient, BAD_REQUEST,
        "This verifier does not answer for this service client. Compare the service client's Authorization Url \
         with the access key the verifier runs with.";
    /// `redirect_uri` is not the configured Authress domain's `/login`: a wrong configuration, or
    /// an attempt to get a signed user id sent elsewhere.
    RedirectUriNotAllowed, BAD_REQUEST,
        "The redirect_uri must be the /login address of the Authress domain this verifier is configured for. \
         Compare it with AUTHRESS_API_URL.";
    /// `redirect_uri` is the right address with a query that cannot be kept.
    RedirectUriQueryNotAllowed, BAD_REQUEST,
        "The query of the redirect_uri must be percent-encoded and must not have code, iss or state.";
    /// This `state` has had its answer: the address was reloaded or played again.
    StateAlreadyUsed, CONFLICT,
        "This login has already been answered. Go back to the shop and start again: nothing is lost.";
    /// A prefetch or prerender (`Sec-Purpose`).
    PrefetchNotAnswered, FORBIDDEN, "This address answers real navigations only, not prefetches.";
    /// A `User-Agent` that names a crawler or a link preview.
    CrawlerNotAnswered, FORBIDDEN, "This address is for shoppers' browsers, not for crawlers.";
    /// A frame, an image, a script (`Sec-Fetch-Mode`, `Sec-Fetch-Dest`).
    NotANavigation, FORBIDDEN, "This address must be opened as a page of its own, not inside of another one.";
    /// A program asks where people are asked to prove that they are some.
    HumanCheckRequired, FORBIDDEN,
        "This address shows a check that a person has to pass. Open it in a browser (Accept: text/html).";
    /// The answer to the check is wrong, too old, used before or of another login.
    HumanCheckFailed, FORBIDDEN, "The check was not passed. Try again.";
    /// This client has asked for too many user ids.
    ClientRateLimited, TOO_MANY_REQUESTS,
        "Too many carts were started from your network. Wait a moment, then go back to the shop and try again.";
    /// All clients together have asked for too many user ids.
    GlobalRateLimited, TOO_MANY_REQUESTS,
        "The shop is very busy. Wait a moment, then go back to the shop and try again.";
    /// A body that is longer than what is read.
    BodyTooLarge, PAYLOAD_TOO_LARGE, "The body of the request is too long. Only the answer to a human check has one.";
    /// A method that this path does not have. A login has GET, and POST where a human check is configured; HEAD would
    /// either spend the `state` of a login or promise what GET does not keep.
    MethodNotAllowed, METHOD_NOT_ALLOWED, "This method is not allowed here. Use one that the Allow header names.";
    /// Another path.
    NotFound, NOT_FOUND, "There is nothing here. Logins are answered at /v1/login.";
    /// The operating system gave no random bytes, its clock is before 1970, or the shared store that
    /// the deployment insists on does not answer.
    Unavailable, SERVICE_UNAVAILABLE, "No user id can be made at the moment. Try again later.";
    /// The answer took longer than it may.
    TimedOut, SERVICE_UNAVAILABLE, "The answer took too long. Go back to the shop and try again.";
}

impl RefusalCode {
    pub(crate) fn of(self, parameter: Parameter) -> Refusal {
        Refusal { parameter: Some(parameter), ..self.into() }
    }

    /// The same, with the time after which it is worth trying again.
    pub(crate) fn after(self, wait: Duration) -> Refusal {
        // Rounded up: a client that waits exactly this long must not be a moment too early.
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        Refusal { retry_after_s: Some(seconds.max(1)), ..self.into() }
    }
}

/// [`RefusalCode::MethodNotAllowed`] where only `methods` are allowed.
pub(crate) fn only(methods: &'static str) -> Refusal {
    Refusal { allow: Some(methods), ..RefusalCode::MethodNotAllowed.into() }
}

/// A refused request. Holds nothing that came with the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub code: RefusalCode,
    /// The parameter it is about, if it is about one.
    pub parameter: Option<Parameter>,
    /// After how many seconds it is worth trying again (`Retry-After`, RFC 9110 section 10.2.3).
    pub retry_after_s: Option<u64>,
    /// The methods that are allowed, of a [`RefusalCode::MethodNotAllowed`] (`Allow`, RFC 9110 section 10.2.1).
    pub allow: Option<&'static str>,
}

impl From<RefusalCode> for Refusal {
    fn from(code: RefusalCode) -> Self {
        Self { code, parameter: None, retry_after_s: None, allow: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MAX_CLIENT_ID_BYTES, MAX_QUERY_BYTES, MAX_REDIRECT_URI_BYTES, MAX_STATE_BYTES};

    #[test]
    fn every_code_is_in_the_readme_with_its_status() {
        let readme = include_str!("../../README.md");
        for code in RefusalCode::ALL {
            let row = format!("| `{}` | {} |", code.name(), code.status().as_u16());
            assert!(readme.contains(&row), "the README's table has no row that begins with {row}");
        }
    }

    #[test]
    fn every_refusal_but_a_failure_of_our_own_is_a_4xx() {
        for code in RefusalCode::ALL {
            let is_ours = [RefusalCode::Unavailable, RefusalCode::TimedOut].contains(code);
            assert_eq!(code.status().is_server_error(), is_ours, "{code:?}");
            assert!(code.status().is_client_error() || is_ours, "{code:?}");
        }
    }

    #[test]
    fn a_time_to_wait_is_rounded_up() {
        for (wait, seconds) in [(0, 1), (1, 1), (1000, 1), (1001, 2), (59_999, 60)] {
            let refusal = RefusalCode::ClientRateLimited.after(Duration::from_millis(wait));
            assert_eq!(refusal.retry_after_s, Some(seconds), "{wait} ms");
        }
    }

    #[test]
    fn the_sentences_say_the_real_bounds() {
        let sentence = RefusalCode::OversizedParameter.sentence();
        for bound in [MAX_STATE_BYTES, MAX_REDIRECT_URI_BYTES, MAX_CLIENT_ID_BYTES] {
            assert!(sentence.contains(&bound.to_string()));
        }
        assert!(RefusalCode::QueryTooLong.sentence().contains(&MAX_QUERY_BYTES.to_string()));
    }
}
