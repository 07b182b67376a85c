//! What a request carries beside its body.

/// The caller's credentials and the time of the request.
#[derive(Debug, Clone, Default)]
pub(crate) struct RequestContext {
    /// The `Origin` header.
    pub(crate) origin: Option<String>,
    /// The bearer token of the `Authorization` header.
    pub(crate) bearer: Option<String>,
    /// The values of all session cookies: a browser may hold one per domain.
    pub(crate) session_ids: Vec<String>,
    /// In milliseconds since 1970, by the sandbox's clock.
    pub(crate) now_ms: u64,
}
