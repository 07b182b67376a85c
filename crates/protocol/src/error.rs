//! What can go wrong, each with a stable code and a sentence that says what to do.

use crate::json::JsonObject;
use std::{any::Any, fmt, ops::Deref, rc::Rc};

macro_rules! error_codes {
    ($($(#[doc = $doc:literal])+ $code:ident: $sentence:literal,)+) => {
        /// A stable code. Codes are spelled as the published client spells them where the meaning
        /// is the same.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ErrorCode {
            $($(#[doc = $doc])+ $code,)+
        }

        impl ErrorCode {
            /// Every code, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$code),+];

            /// The code as JavaScript sees it in `error.code`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$code => stringify!($code),)+ }
            }

            /// Where the documentation says more: a file of this repository with an anchor.
            pub fn documentation(self) -> String {
                format!("docs/errors.md#{}", self.as_str().to_ascii_lowercase())
            }

            /// What happened and what to do about it.
            pub fn sentence(self) -> &'static str {
                match self { $(Self::$code => $sentence,)+ }
            }
        }
    };
}

error_codes! {
    /// The caller's: the setting that names the Authress host is missing or unusable.
    InvalidAuthressApiUrl: "The setting authressApiUrl is missing or is no http(s) URL. Set it to your Authress custom domain, for example https://login.example.com.",
    /// The caller's: the application id is blank, or names something that is no application.
    InvalidApplication: "The setting applicationId must be the id of an Authress application, which starts with app_. A service client (sc_) or extension (ext_) goes into connectionId, not here.",
    /// The caller's: an extension client was not told which extension it is.
    InvalidExtension: "The id of an extension is needed, which starts with ext_. Find it in the Authress management portal.",
    /// The caller's: an option has a type or value that cannot be used.
    InvalidInput: "An option has the wrong type or value.",
    /// The caller's: `linkIdentity` was not told with what to link.
    InvalidConnection: "linkIdentity needs connectionId or tenantLookupIdentifier: the identity provider that the shopper signs in with.",
    /// The caller's: there is no authentication request to update.
    InvalidAuthenticationRequest: "updateExtensionAuthenticationRequest needs the state of an authentication request, as option or in the address of the page.",
    /// The caller's: the page is not below the domain that the Authress host is on.
    OriginMismatch: "updateExtensionAuthenticationRequest works only on a site whose domain the Authress host shares, over https.",
    /// The caller's: there is no code to exchange.
    InvalidAuthorizationCode: "There is no authorization code of a login that this browser has begun, neither as option nor in the address of the page.",
    /// The caller's: `redirectOpenType` is not one of the three.
    InvalidRedirectOpenType: "The option redirectOpenType must be redirect, tab or client-managed.",
    /// The caller's: `responseLocation` is not one of the three.
    InvalidResponseLocation: "The option responseLocation must be cookie, query or none.",
    /// The caller's: a redirect URL is not usable.
    InvalidRedirectUrl: "The redirect URL is not valid. Give an http(s) URL or a path on this site.",
    /// The shopper's: there is no session, and the operation needs one.
    NotLoggedIn: "There is no session to do this with. Call authenticate first.",
    /// The shopper's: no session appeared in the time allowed.
    TokenTimeout: "No session appeared in time. Call authenticate to start one, then ask for the token again.",
    /// The caller's: `fetch` was asked to send the token to an origin that is not allowed to have it.
    OriginNotAllowed: "The access token is not sent to this origin. Add the origin to the setting tokenOrigins if it is your own API.",
    /// The browser's: what must outlive the redirect cannot be stored.
    StorageUnavailable: "The browser refused to store the login request, so the login could not be completed after the redirect. Allow site data for this site, or leave private mode.",
    /// The network's: the request did not reach Authress or was not answered, after several tries.
    AuthressSdkNetworkError: "Authress could not be reached or did not answer, after several tries. Check the connection and try again; nothing was lost.",
    /// The network's or the caller's: the call took longer than its deadline.
    RequestTimeout: "The call took longer than allowed. Try again, or allow more time with timeoutInMillis; nothing was lost.",
    /// The server's: Authress understood the request and refused it; `serverCode` and `status` say why.
    RequestRefused: "Authress refused the request.",
    /// The server's: the answer is not what the protocol says.
    InvalidServerResponse: "The answer from the login service does not follow the protocol. Check that authressApiUrl is your Authress custom domain.",
    /// Ours: the WebAssembly module could not be loaded.
    ModuleLoadFailed: "The login module could not be loaded: {cause}",
    /// Ours: a bug. Please report it.
    InternalError: "An unexpected failure inside the login client. Please report it.",
}

/// A failure, safe to log: it never carries a token, code or verifier.
///
/// It is small, since it is part of nearly every result; what there is to say is behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Box<Details>);

/// What there is to say about a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    /// The stable code.
    pub code: ErrorCode,
    /// What there is to say beyond the code's sentence; empty if nothing.
    pub detail: String,
    /// The HTTP status, where a server answered.
    pub status: Option<u16>,
    /// The server's own code, where it sent one.
    pub server_code: Option<String>,
    /// What the platform itself said, where it said something.
    pub cause: Option<Cause>,
}

/// What the platform itself said about a failure, passed on without being looked at.
#[derive(Clone)]
pub struct Cause(Rc<dyn Any>);

impl Cause {
    /// Keeps what the platform said.
    pub fn new(said: impl Any) -> Self {
        Self(Rc::new(said))
    }

    /// What the platform said, for whoever knows its type.
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
    /// A failure with more to say than its code's sentence.
    pub fn with_detail(code: ErrorCode, detail: &str) -> Self {
        let mut error = Self::from(code);
        detail.clone_into(&mut error.0.detail);
        error
    }

    /// The same with the status of the answer.
    pub fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    /// The same with the server's own code.
    pub fn with_server_code(mut self, server_code: &str) -> Self {
        self.0.server_code = Some(server_code.to_owned());
        self
    }

    /// The same with what the platform said.
    pub fn with_cause(mut self, cause: Option<Cause>) -> Self {
        self.0.cause = cause;
        self
    }

    /// What a refusal (status 400 to 499) means. Most answers carry `{title, errorCode}`, those of
    /// the token endpoint `{error, error_description}`.
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
        f.write_str(self.code.sentence())?;
        if self.detail.is_empty() { Ok(()) } else { write!(f, " {}", self.detail) }
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_keeps_the_servers_code_apart() {
        let error = Error::from_refusal(409, r#"{"title":"Already owned","errorCode":"IdentityAlreadyOwned"}"#);
        assert_eq!(error.code, ErrorCode::RequestRefused);
        assert_eq!((error.status, error.server_code.as_deref()), (Some(409), Some("IdentityAlreadyOwned")));
        assert!(error.to_string().ends_with("Already owned"));
    }

    #[test]
    fn a_refusal_without_a_usable_body_still_is_an_error() {
        for body in ["", "null", "{}", "[]", "<html>", r#"{"title":""}"#] {
            let error = Error::from_refusal(400, body);
            assert_eq!((error.code, error.server_code.as_deref()), (ErrorCode::RequestRefused, None), "{body}");
        }
    }
}
