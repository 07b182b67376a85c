//! The storefront's files.

use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::config::Config;
use crate::security_headers::{ContentSecurityPolicy, import_map};

/// The page at which a login in the background ends.
const BACKGROUND_REDIRECT_URL: &str = "/signed-in.txt";

/// `/config.json`, the npm package, and the pages for everything else.
///
/// Every response is revalidated on each use (`no-cache`), so that a changed file is seen at once.
pub(crate) fn router(config: &Config) -> Router {
    let index = Arc::new(Index { file: config.pages.join("index.html"), policy: ContentSecurityPolicy::new(config) });
    let browser_config = json!({
        "authressApiUrl": config.issuer,
        "applicationId": config.application_id,
        "shopperConnectionId": config.shopper_connection_id,
        "backgroundRedirectUrl": config.verifier_origin.as_ref().map(|_| BACKGROUND_REDIRECT_URL),
        "reminders": config.reminders,
        "connections": config.connections,
    });
    Router::new()
        .route("/", get(index_page))
        .route("/index.html", get(index_page))
        .with_state(index)
        .route("/config.json", get(move || std::future::ready(Json(browser_config.clone()))))
        .nest_service(PACKAGE_PATH, ServeDir::new(&config.package).append_index_html_on_directories(false))
        .fallback_service(ServeDir::new(&config.pages).append_index_html_on_directories(false))
        .layer(SetResponseHeaderLayer::overriding(header::CACHE_CONTROL, HeaderValue::from_static("no-cache")))
}

/// The page with the import map, read at each request: the policy must have the hash of the map that is sent.
async fn index_page(State(index): State<Arc<Index>>) -> Response {
    let read = tokio::task::spawn_blocking({
        let index = index.clone();
        move || std::fs::read_to_string(&index.file)
    });
    match read.await {
        Ok(Ok(page)) => {
            let policy = index.policy.header(import_map(&page));
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
    policy: ContentSecurityPolicy,
}

const PACKAGE_PATH: &str = "/node_modules/authress-login-wasm";
