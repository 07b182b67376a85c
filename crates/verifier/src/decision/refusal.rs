//! The table of refusals: code, status and message of each.

use std::time::Duration;

use axum::http::StatusCode;

use super::parameter::Parameter;

macro_rules! refusals {
    ($($(#[doc = $doc:literal])+ $code:ident, $status:ident, $sentence:literal;)+) => {
        /// The error code of a refusal.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum RefusalCode {
            $($(#[doc = $doc])+ $code,)+
        }

        impl RefusalCode {
            /// All codes, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$code),+];

            /// Returns the name, which is the `code` of the error response.
            pub fn name(self) -> &'static str {
                match self { $(Self::$code => stringify!($code)),+ }
            }

            /// Returns the HTTP status.
            pub fn status(self) -> StatusCode {
                match self { $(Self::$code => StatusCode::$status),+ }
            }

            /// Returns the message: what is wrong and how to fix it.
            pub fn message(self) -> &'static str {
                match self { $(Self::$code => $sentence),+ }
            }
        }
    };
}

refusals! {
    /// `state` or `redirect_uri` is missing or empty: usually the URL was opened by hand.
    MissingParameter, BAD_REQUEST,
        "This parameter is missing. Start the login in the shop, do not open this address directly.";
    /// `state`, `redirect_uri` or `client_id` occurs more than once (RFC 6749 section 3.1).
    DuplicateParameter, BAD_REQUEST, "This parameter occurs more than once. Send it once.";
    /// A parameter is longer than its limit.
    OversizedParameter, BAD_REQUEST,
        "This parameter is too long. The limits are 512 bytes of state, 1024 of redirect_uri and 64 of client_id.";
    /// A parameter has a control character, a space or a character outside ASCII.
    InvalidCharacter, BAD_REQUEST,
        "A parameter contains a character that is not allowed. Use visible ASCII characters only.";
    /// The percent-encoding is incomplete or does not decode to UTF-8.
    MalformedEncoding, BAD_REQUEST,
        "The query is not percent-encoded UTF-8. Encode it as application/x-www-form-urlencoded.";
    /// The query is too long.
    QueryTooLong, URI_TOO_LONG, "The query is too long. The limit is 4096 bytes.";
    /// `client_id` is another service client than the one of the access key.
    ForeignClient, BAD_REQUEST,
        "This verifier is configured for another service client. Compare the service client's Authorization Url \
         with the access key of the verifier.";
    /// `redirect_uri` is not the `/login` of a configured Authress domain: a wrong configuration, or an attempt to have
    /// a signed user id sent elsewhere.
    RedirectUriNotAllowed, BAD_REQUEST,
        "The redirect_uri must be the /login URL of an Authress domain that this verifier is configured for. \
         AUTHRESS_API_URL must name the very host that the page uses.";
    /// `redirect_uri` is the right URL, but its query is not allowed.
    RedirectUriQueryNotAllowed, BAD_REQUEST,
        "The query of the redirect_uri may only have the parameters of the setting authress.redirect_uri_parameters, \
         each once and percent-encoded.";
    /// This `state` was used before: the page was reloaded, or the request was replayed.
    StateAlreadyUsed, CONFLICT,
        "This login link was already used. Go back to the shop and start again: nothing is lost.";
    /// A prefetch or prerender (`Sec-Purpose`).
    PrefetchNotAnswered, FORBIDDEN, "This page cannot be prefetched. Open it by a navigation.";
    /// The `User-Agent` names a crawler or a generator of link previews.
    CrawlerNotAnswered, FORBIDDEN, "This page is for shoppers' browsers, not for crawlers.";
    /// The request comes from a frame, an image or a script (`Sec-Fetch-Mode`, `Sec-Fetch-Dest`), and is no `fetch` in the
    /// background of a page of the same site that the setting `navigation.allow_background` admits.
    NotANavigation, FORBIDDEN, "This page must be opened by a navigation of the whole tab, not inside another page.";
    /// A human check is required, and the client does not accept HTML.
    HumanCheckRequired, FORBIDDEN,
        "This page shows a check for humans. Open it in a browser (Accept: text/html).";
    /// The solution of the human check is wrong, expired, used before, or for another login.
    HumanCheckFailed, FORBIDDEN, "The check was not passed. Try again.";
    /// This client exceeded its rate limit.
    ClientRateLimited, TOO_MANY_REQUESTS,
        "Too many carts were started from your network. Wait a moment, then go back to the shop and try again.";
    /// The clients of this network, an IPv4 /24 or an IPv6 /48, together exceeded their rate limit.
    NetworkRateLimited, TOO_MANY_REQUESTS,
        "Too many carts were started in your part of the internet. Wait a moment, then go back to the shop and try \
         again.";
    /// All clients together exceeded the global rate limit.
    GlobalRateLimited, TOO_MANY_REQUESTS,
        "The shop is very busy. Wait a moment, then go back to the shop and try again.";
    /// The request body is too long.
    BodyTooLarge, PAYLOAD_TOO_LARGE, "The request body is too long. Only the solution of a human check has one.";
    /// The method is not allowed. A login has GET, and POST with a human check. HEAD would either use up the `state` or
    /// promise a response that GET does not give.
    MethodNotAllowed, METHOD_NOT_ALLOWED, "This method is not allowed here. Use one of those in the Allow header.";
    /// The path does not exist.
    NotFound, NOT_FOUND, "There is no page at this address. Logins are at /v1/login.";
    /// The operating system has no random bytes, its clock is before 1970, the required shared store is unavailable, or
    /// the provider of the human check is unavailable.
    Unavailable, SERVICE_UNAVAILABLE, "Logins are not available at the moment. Try again later.";
    /// The request exceeded the time limit.
    TimedOut, SERVICE_UNAVAILABLE, "The request took too long. Go back to the shop and try again.";
}

impl RefusalCode {
    /// The refusal for a parameter.
    pub(crate) fn of(self, parameter: Parameter) -> Refusal {
        Refusal { parameter: Some(parameter), ..self.into() }
    }

    /// The refusal with a time to wait before the next attempt.
    pub(crate) fn after(self, wait: Duration) -> Refusal {
        // Rounded up, so that a client that waits exactly this long is not too early.
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        Refusal { retry_after_s: Some(seconds.max(1)), ..self.into() }
    }
}

/// Returns the refusal of a path that allows only `methods`.
pub(crate) fn method_not_allowed(methods: &'static str) -> Refusal {
    Refusal { allow: Some(methods), ..RefusalCode::MethodNotAllowed.into() }
}

/// A refused request. It holds nothing of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The error code.
    pub code: RefusalCode,
    /// The invalid parameter, if the refusal is about one.
    pub parameter: Option<Parameter>,
    /// The seconds to wait before the next attempt (`Retry-After`, RFC 9110 section 10.2.3).
    pub retry_after_s: Option<u64>,
    /// The allowed methods of a [`RefusalCode::MethodNotAllowed`] (`Allow`, RFC 9110 section 10.2.1).
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
    use crate::decision::{MAX_CLIENT_ID_BYTES, MAX_QUERY_BYTES, MAX_REDIRECT_URI_BYTES, MAX_STATE_BYTES};

    #[test]
    fn every_code_is_in_the_readme_with_its_status() {
        let readme = include_str!("../../README.md");
        for code in RefusalCode::ALL {
            let row = format!("| `{}` | {} |", code.name(), code.status().as_u16());
            assert!(readme.contains(&row), "the README's table has no row that begins with {row}");
        }
    }

    #[test]
    fn every_refusal_except_a_failure_of_the_server_is_a_4xx() {
        for code in RefusalCode::ALL {
            let is_server_failure = [RefusalCode::Unavailable, RefusalCode::TimedOut].contains(code);
            assert_eq!(code.status().is_server_error(), is_server_failure, "{code:?}");
            assert!(code.status().is_client_error() || is_server_failure, "{code:?}");
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
    fn the_messages_state_the_actual_limits() {
        let message = RefusalCode::OversizedParameter.message();
        for limit in [MAX_STATE_BYTES, MAX_REDIRECT_URI_BYTES, MAX_CLIENT_ID_BYTES] {
            assert!(message.contains(&limit.to_string()));
        }
        assert!(RefusalCode::QueryTooLong.message().contains(&MAX_QUERY_BYTES.to_string()));
    }
}
