//! The storefront's files and their headers.

use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use base64ct::{Base64, Encoding};
use serde_json::json;
use sha2::{Digest, Sha256};
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::config::Config;

/// `/config.json`, the npm package, and the pages for everything else.
///
/// Every response is revalidated on each use (`no-cache`), so that a changed file is seen at once.
pub(crate) fn router(config: &Config) -> Router {
    let policy = Policy { issuer: config.issuer.clone() };
    let for_files = header_value(policy.header(None));
    let index = Arc::new(Index { file: config.pages.join("index.html"), policy });
    let browser_config = json!({
        "authressApiUrl": config.issuer,
        "applicationId": config.application_id,
        "shopperConnectionId": config.shopper_connection_id,
        "connections": config.connections,
    });
    Router::new()
        .route("/", get(index_page))
        .route("/index.html", get(index_page))
        .with_state(index)
        .route("/config.json", get(move || std::future::ready(Json(browser_config.clone()))))
        .nest_service(PACKAGE_PATH, ServeDir::new(&config.package).append_index_html_on_directories(false))
        .fallback_service(ServeDir::new(&config.pages).append_index_html_on_directories(false))
        .layer(SetResponseHeaderLayer::if_not_present(header::CONTENT_SECURITY_POLICY, for_files))
        .layer(set(header::CACHE_CONTROL, "no-cache"))
        // After a login on localhost, tokens are in the URL until the page has handled the callback, so no path and no
        // query is sent. The origin is: an authorization server on another site can know the page only by it.
        .layer(set(header::REFERRER_POLICY, "strict-origin"))
        .layer(set(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(set(header::X_FRAME_OPTIONS, "DENY"))
}

/// The page with the import map, read at each request: the policy must have the hash of the map that is sent.
async fn index_page(State(index): State<Arc<Index>>) -> Response {
    let read = tokio::task::spawn_blocking({
        let index = index.clone();
        move || std::fs::read_to_string(&index.file)
    });
    match read.await {
        Ok(Ok(page)) => {
            let policy = header_value(index.policy.header(import_map(&page)));
            let headers = [
                (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
                (header::CONTENT_SECURITY_POLICY, policy),
            ];
            (headers, page).into_response()
        }
        Ok(Err(_)) | Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, "the page cannot be read").into_response(),
    }
}

struct Index {
    file: PathBuf,
    policy: Policy,
}

/// The Content-Security-Policy of this shop.
struct Policy {
    issuer: String,
}

impl Policy {
    /// Allows scripts of this server and one inline script, the import map, which browsers do not load from a
    /// file. `wasm-unsafe-eval` allows the compilation of WebAssembly only. Requests may go to this server and to
    /// Authress.
    fn header(&self, import_map: Option<&str>) -> String {
        let map = import_map
            .map(|text| format!(" 'sha256-{}'", Base64::encode_string(&Sha256::digest(text.as_bytes()))))
            .unwrap_or_default();
        let issuer = &self.issuer;
        format!(
            "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'{map}; style-src 'self'; img-src 'self'; \
             connect-src 'self' {issuer}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
    }
}

/// The text of the page's import map, exactly as the browser hashes it.
fn import_map(page: &str) -> Option<&str> {
    let (_, rest) = page.split_once(r#"<script type="importmap">"#)?;
    rest.split_once("</script>").map(|(text, _)| text)
}

/// The policy consists of constants, a hash and an origin. If it still is not a valid header value, nothing
/// is allowed.
fn header_value(policy: String) -> HeaderValue {
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

fn set(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
}

const PACKAGE_PATH: &str = "/node_modules/authress-login-wasm";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_import_map_is_allowed_by_its_hash() {
        let page = r#"<head><script type="importmap">{"imports":{}}</script>"#;
        let policy = Policy { issuer: "https://login.shop.test".into() }.header(import_map(page));
        // printf '{"imports":{}}' | openssl dgst -sha256 -binary | base64
        assert!(policy.contains("'sha256-URrTy+Il/Nz0lHojVUx275hWqAWhkSF0VsHbUM4/6Hw='"), "{policy}");
        assert!(policy.contains("connect-src 'self' https://login.shop.test;"), "{policy}");
    }

    #[test]
    fn a_page_without_an_import_map_allows_no_inline_script() {
        let policy = Policy { issuer: "http://127.0.0.1:1".into() }.header(import_map("<p>hello</p>"));
        assert!(policy.contains("script-src 'self' 'wasm-unsafe-eval';"), "{policy}");
        assert!(!policy.contains("unsafe-inline"));
    }
}
