//! The refusal of logins that a page follows in the background, for pages that meet one.

use axum::extract::{Request, State};
use axum::http::{HeaderName, StatusCode};
use axum::middleware::Next;
use axum::response::Response;

use super::html::LoginErrorPage;
use super::response::page;
use super::shared_state::SharedState;
use crate::endpoints::error_page::ErrorPage;

/// Fetch Metadata Request Headers. Browsers before 2023 do not send it.
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

pub(super) async fn check(State(shared): State<SharedState>, request: Request, next: Next) -> Response {
    let is_navigation = request.headers().get_all(SEC_FETCH_MODE).iter().all(|mode| mode == "navigate");
    if is_navigation || !shared.lock().dialect.refuses_background_logins {
        return next.run(request).await;
    }
    let error =
        ErrorPage::new("NavigationRequired", "This page must be opened by a navigation, not in the background.");
    page(StatusCode::BAD_REQUEST, LoginErrorPage { error: &error })
}
