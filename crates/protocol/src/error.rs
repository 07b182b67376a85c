//! The errors of the client: a stable code, a message with the solution, and details.
//!
//! This table is the only home of codes and messages. `cargo xtask generate` writes them into JavaScript, types and
//! documentation.

use crate::json::JsonObject;
use std::{any::Any, fmt, ops::Deref, rc::Rc};

macro_rules! error_codes {
    ($($(#[doc = $doc:literal])+ $code:ident: $message:literal,)+) => {
        /// A stable error code. A code of the published client has the same meaning there.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ErrorCode {
            $($(#[doc = $doc])+ $code,)+
        }

        impl ErrorCode {
            /// All codes, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$code),+];

            /// Returns the code as in JavaScript's `error.code`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$code => stringify!($code),)+ }
            }

            /// Returns the code of this name.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|code| code.as_str() == name)
            }

            /// Returns the section of the documentation: a file of this repository with an anchor.
            pub fn documentation(self) -> String {
                format!("docs/errors.md#{}", self.as_str().to_ascii_lowercase())
            }

            /// Returns what happened and what to do.
            pub fn message(self) -> &'static str {
                match self { $(Self::$code => $message,)+ }
            }
        }
    };
}

error_codes! {
    /// Caller: the setting of the Authress host is missing or invalid.
    InvalidAuthressApiUrl: "The setting authressApiUrl is missing or is not an http(s) URL. Set it to your Authress custom domain, for example https://login.example.com.",
    /// Caller: the application id is empty, or is the id of a service client or extension.
    InvalidApplication: "The setting applicationId must be the id of an Authress application, which starts with app_. A service client (sc_) or extension (ext_) goes into connectionId, not here.",
    /// Caller: the extension id is missing.
    InvalidExtension: "An extension id is required; it starts with ext_. Find it in the Authress management portal.",
    /// Caller: an option has a wrong type or value. The detail names it.
    InvalidInput: "An option has the wrong type or value.",
    /// Caller: the connection or tenant is missing.
    InvalidConnection: "linkIdentity needs connectionId or tenantLookupIdentifier: the identity provider that the shopper signs in with.",
    /// Caller: the authentication request to update is missing.
    InvalidAuthenticationRequest: "updateExtensionAuthenticationRequest needs the id of an authentication request. Pass the option state, or call it on a page whose address has the parameter state.",
    /// Caller: the page does not share its domain with the Authress host.
    OriginMismatch: "updateExtensionAuthenticationRequest works only on an https page that shares its domain with the Authress host.",
    /// Caller: there is no authorization code to exchange.
    InvalidAuthorizationCode: "There is no authorization code for a pending login of this browser. Pass the option code, or call requestToken on the page to which the browser returned.",
    /// Caller: `redirectOpenType` has another value than the three allowed ones.
    InvalidRedirectOpenType: "The option redirectOpenType must be redirect, tab or client-managed.",
    /// Caller: `responseLocation` has another value than the three allowed ones.
    InvalidResponseLocation: "The option responseLocation must be cookie, query or none.",
    /// Caller: a redirect URL is invalid, or the browser refused to navigate to it.
    InvalidRedirectUrl: "The redirect URL is invalid. Use an http(s) URL or a path on this site.",
    /// State: there is no session, and the call needs one.
    NotLoggedIn: "This call needs a session. Call signInAnonymously or signIn first.",
    /// State: `linkIdentity` of an anonymous session that no login of this browser has begun.
    SessionNotBegunHere: "This anonymous session was found in the browser: no login here began it, and it may be another person's. No identity is linked to it. Call signIn with the option claimTicket, which logs in and takes the cart along.",
    /// State: the session has become another user's since the page last heard of it.
    UserChanged: "The session is now another user's than the one that the page knows, so nothing was sent for it. Read getSnapshot, show the new user, and repeat the call if it is still meant.",
    /// State: there was no session within the timeout.
    TokenTimeout: "No session was found in time. Call signInAnonymously or signIn to start one, then request the token again.",
    /// Caller: `fetch` would send the token to an origin that is not allowed.
    OriginNotAllowed: "The access token is not sent to this origin. Add the origin to the setting tokenOrigins if it is your own API.",
    /// Browser: the pending login cannot be stored.
    StorageUnavailable: "The browser refused to store the pending login, so the login could not be completed after the redirect. Allow site data for this site, or leave private mode.",
    /// Network: several attempts had no response, or a server error (5xx).
    AuthressSdkNetworkError: "Authress could not be reached or did not respond after several attempts. Check the connection and try again; nothing was lost.",
    /// Network or caller: the call exceeded its timeout.
    RequestTimeout: "The call took longer than allowed. Try again, or allow more time with timeoutInMillis; nothing was lost.",
    /// Server: Authress refused the request. `serverCode` and `status` say why.
    RequestRefused: "Authress refused the request (set-up checklist: docs/set-up.md).",
    /// Server: the response is invalid, or its tokens are of another host, application or user.
    InvalidServerResponse: "The response of the login service does not follow the protocol. Check that authressApiUrl is your Authress custom domain.",
    /// Browser: the address is no valid callback of the pending login.
    InvalidCallback: "The address is no valid callback: a callback parameter occurs twice, or iss names another authorization server. Nothing was used; the login can still be completed or started again.",
    /// State: the callback came too late.
    LoginOutdated: "The shopper has signed in or out since this login or link began, or it began more than an hour ago. Its callback was not used; start it again if it is still wanted.",
    /// Package: the WebAssembly module could not be loaded.
    ModuleLoadFailed: "The login module could not be loaded: {cause}",
    /// Package: a bug.
    InternalError: "An unexpected failure in the login client. Please report it.",
}

/// An error. It is safe to log: it never contains a token, code or verifier.
///
/// The details are boxed, since the error is part of nearly every result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Box<Details>);

/// The details of an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    /// The error code.
    pub code: ErrorCode,
    /// A detail to append to the message; empty if there is none.
    pub detail: String,
    /// The HTTP status, if there was a response.
    pub status: Option<u16>,
    /// The error code of the server, if the response had one.
    pub server_code: Option<String>,
    /// The platform's own error, if there was one.
    pub cause: Option<Cause>,
}

/// The platform's own error, for example a `DOMException`. It is passed on unread.
#[derive(Clone)]
pub struct Cause(Rc<dyn Any>);

impl Cause {
    /// Wraps an error of the platform.
    pub fn new(error: impl Any) -> Self {
        Self(Rc::new(error))
    }

    /// Returns the platform's error, if it has this type.
    pub fn get<T: Any>(&self) -> Option<&T> {
        self.0.downcast_ref()
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cause")
    }
}

impl PartialEq for Cause {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Cause {}

impl Error {
    /// Creates an error with a detail.
    pub fn with_detail(code: ErrorCode, detail: &str) -> Self {
        let mut error = Self::from(code);
        detail.clone_into(&mut error.0.detail);
        error
    }

    /// Adds the HTTP status.
    pub fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    /// Adds the error code of the server.
    pub fn with_server_code(mut self, server_code: &str) -> Self {
        self.0.server_code = Some(server_code.to_owned());
        self
    }

    /// Adds the platform's error.
    pub fn with_cause(mut self, cause: Option<Cause>) -> Self {
        self.0.cause = cause;
        self
    }

    /// Creates the error of a response with status 400 to 499. Its body has `{title, errorCode}`, or at token endpoints
    /// `{error, error_description}` (RFC 6749 section 5.2).
    pub fn from_refusal(status: u16, body: &str) -> Self {
        let json = JsonObject::parse(body);
        let text = |name| json.as_ref().and_then(|json| json.str(name)).filter(|text: &String| !text.is_empty());
        let server_code = text("errorCode").or_else(|| text("error"));
        let title = text("title").or_else(|| text("error_description")).or_else(|| server_code.clone());
        let detail = title.unwrap_or_default();
        let details =
            Details { code: ErrorCode::RequestRefused, detail, status: Some(status), server_code, cause: None };
        Self(Box::new(details))
    }
}

impl From<ErrorCode> for Error {
    #[inline(never)]
    fn from(code: ErrorCode) -> Self {
        Self(Box::new(Details { code, detail: String::new(), status: None, server_code: None, cause: None }))
    }
}

impl Deref for Error {
    type Target = Details;

    fn deref(&self) -> &Details {
        &self.0
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.message())?;
        if self.detail.is_empty() { Ok(()) } else { write!(f, " {}", self.detail) }
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_keeps_the_code_of_the_server() {
        let error = Error::from_refusal(409, r#"{"title":"Already owned","errorCode":"IdentityAlreadyOwned"}"#);
        assert_eq!(error.code, ErrorCode::RequestRefused);
        assert_eq!((error.status, error.server_code.as_deref()), (Some(409), Some("IdentityAlreadyOwned")));
        assert!(error.to_string().ends_with("Already owned"));
    }

    #[test]
    fn a_refusal_without_a_usable_body_is_an_error_too() {
        for body in ["", "null", "{}", "[]", "<html>", r#"{"title":""}"#] {
            let error = Error::from_refusal(400, body);
            assert_eq!((error.code, error.server_code.as_deref()), (ErrorCode::RequestRefused, None), "{body}");
        }
    }
}
