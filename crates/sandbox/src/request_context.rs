//! What a request carries beside its body.

use crate::cookies::{SESSION_COOKIE, values};

/// The caller's credentials and the time of the request.
#[derive(Debug, Clone, Default)]
pub(crate) struct RequestContext {
    /// The `Origin` header.
    pub(crate) origin: Option<String>,
    /// The `Referer` header.
    pub(crate) referrer: Option<String>,
    /// The bearer token of the `Authorization` header.
    pub(crate) bearer: Option<String>,
    /// The `Cookie` headers.
    cookies: Vec<String>,
    /// The values of all session cookies: a browser may hold one per domain.
    pub(crate) session_ids: Vec<String>,
    /// In milliseconds since 1970, by the sandbox's clock.
    pub(crate) now_ms: u64,
}

impl RequestContext {
    /// The context of a request with these `Cookie` headers.
    pub(crate) fn with_cookies(cookies: Vec<String>) -> Self {
        let session_ids = cookies.iter().flat_map(|header| values(header, SESSION_COOKIE)).collect();
        Self { cookies, session_ids, ..Self::default() }
    }

    /// The values of all cookies of this name.
    pub(crate) fn cookies(&self, name: &str) -> impl Iterator<Item = String> {
        self.cookies.iter().flat_map(move |header| values(header, name))
    }
}
