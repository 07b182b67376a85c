//! The security headers of every response: pages, files, the API, and errors of all of them.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::map_response_with_state;
use axum::response::Response;
use base64ct::{Base64, Encoding};
use sha2::{Digest, Sha256};

use crate::config::Config;

/// The router with these headers on every response. A header that a handler has set itself stays: the page with the
/// import map has a Content Security Policy of its own.
pub(crate) fn on_every_response(router: Router, config: &Config) -> Router {
    let headers: Arc<[_]> = headers(config).into();
    router.layer(map_response_with_state(headers, add))
}

async fn add(State(headers): State<Arc<[(HeaderName, HeaderValue)]>>, mut response: Response) -> Response {
    for (name, value) in headers.iter() {
        response.headers_mut().entry(name).or_insert_with(|| value.clone());
    }
    response
}

fn headers(config: &Config) -> Vec<(HeaderName, HeaderValue)> {
    let mut headers = vec![
        (header::CONTENT_SECURITY_POLICY, ContentSecurityPolicy::new(config).header(None)),
        // A page of another origin that opens the shop, or that the shop opens, gets no handle of its window. Logins are
        // not affected: they leave and return in the same tab, and a login in another tab works without a handle. The price:
        // WebKit loads the page anew when the shopper presses Back at a provider, whose pages have no such policy.
        (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
        // No other origin loads the shop's responses as images, scripts or otherwise without CORS.
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
        // What this shop never asks for, script that was smuggled into its page cannot ask for in its name. A shop that
        // takes payments with the Payment Request API removes `payment`.
        (
            HeaderName::from_static("permissions-policy"),
            HeaderValue::from_static(
                "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
            ),
        ),
        // After a login on localhost, tokens are in the URL until the page has handled the callback, so no path and no
        // query is sent. The origin is: an authorization server on another site can know the page only by it.
        (header::REFERRER_POLICY, HeaderValue::from_static("strict-origin")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        // For browsers that do not know `frame-ancestors`.
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    ];
    // RFC 6797 section 7.2: never over plain HTTP. Without `includeSubDomains`, which is for the owner of the whole domain
    // to decide.
    if config.origin().starts_with("https://") {
        headers.push((header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000")));
    }
    headers
}

/// The Content Security Policy of this shop.
pub(crate) struct ContentSecurityPolicy {
    /// The origins of other servers that the page sends requests to, separated by spaces.
    others: String,
}

impl ContentSecurityPolicy {
    /// The policy of a shop with these settings.
    pub(crate) fn new(config: &Config) -> Self {
        Self::with_origins(std::iter::once(config.issuer.as_str()).chain(config.verifier_origin.as_deref()))
    }

    fn with_origins<'a>(others: impl IntoIterator<Item = &'a str>) -> Self {
        Self { others: others.into_iter().collect::<Vec<_>>().join(" ") }
    }

    /// Allows scripts of this server and one inline script, the import map, which browsers do not load from a
    /// file. `wasm-unsafe-eval` allows the compilation of WebAssembly only. Requests may go to this server, to
    /// Authress, and to the verifier if a login can be followed in the background: the policy applies to each redirect
    /// (CSP3 section 4.1.2).
    ///
    /// The policy consists of constants, a hash and origins. If it still is not a valid header value, nothing is
    /// allowed.
    pub(crate) fn header(&self, import_map: Option<&str>) -> HeaderValue {
        HeaderValue::try_from(self.text(import_map)).unwrap_or(HeaderValue::from_static("default-src 'none'"))
    }

    fn text(&self, import_map: Option<&str>) -> String {
        let map = import_map
            .map(|text| format!(" 'sha256-{}'", Base64::encode_string(&Sha256::digest(text.as_bytes()))))
            .unwrap_or_default();
        let others = &self.others;
        format!(
            "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'{map}; style-src 'self'; img-src 'self'; \
             connect-src 'self' {others}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
    }
}

/// The text of the page's import map, exactly as the browser hashes it.
pub(crate) fn import_map(page: &str) -> Option<&str> {
    let (_, rest) = page.split_once(r#"<script type="importmap">"#)?;
    rest.split_once("</script>").map(|(text, _)| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_import_map_is_allowed_by_its_hash() {
        let page = r#"<head><script type="importmap">{"imports":{}}</script>"#;
        let policy = ContentSecurityPolicy::with_origins(["https://login.shop.test"]).text(import_map(page));
        // printf '{"imports":{}}' | openssl dgst -sha256 -binary | base64
        assert!(policy.contains("'sha256-URrTy+Il/Nz0lHojVUx275hWqAWhkSF0VsHbUM4/6Hw='"), "{policy}");
        assert!(policy.contains("connect-src 'self' https://login.shop.test;"), "{policy}");
    }

    #[test]
    fn a_page_without_an_import_map_allows_no_inline_script() {
        let policy = ContentSecurityPolicy::with_origins(["http://127.0.0.1:1"]).text(import_map("<p>hello</p>"));
        assert!(policy.contains("script-src 'self' 'wasm-unsafe-eval';"), "{policy}");
        assert!(!policy.contains("unsafe-inline"));
    }
}
