//! The headers that protect every response.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;

/// [`protect`] as axum middleware.
pub(crate) async fn with_protective_headers(mut response: Response) -> Response {
    protect(&mut response);
    response
}

/// Keeps the response out of caches, search engines and the `Referer` header. The `Location` of a login holds a
/// credential that is valid once, for one client.
pub(crate) fn protect(response: &mut Response) {
    const HEADERS: [(HeaderName, HeaderValue); 4] = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, value);
    }
}
