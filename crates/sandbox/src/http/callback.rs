//! `/login`.

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::html::{LoginErrorPage, ProviderListPage};
use super::response::{page, redirect, set_cookies};
use super::shared_state::SharedState;
use crate::endpoints::callback::{self, CallbackResponse};
use crate::endpoints::query::Query;
use crate::entropy::Entropy;
use crate::request_context::RequestContext;

pub(super) async fn handle(
    State(shared): State<SharedState>,
    RawQuery(query): RawQuery,
    context: RequestContext,
    mut entropy: Entropy,
) -> Response {
    let query = Query::parse(&query.unwrap_or_default());
    let mut state = shared.lock();
    match callback::handle(&mut state, &context, query.as_ref(), &mut entropy) {
        CallbackResponse::Application(response) => redirect(StatusCode::FOUND, &response.location, &response.cookies),
        CallbackResponse::Provider { url, cookie } => redirect(StatusCode::FOUND, &url, cookie.as_slice()),
        CallbackResponse::ProviderList { request_id, cookie } => {
            let list = ProviderListPage { connections: &state.connections, request_id: &request_id };
            (set_cookies(cookie.as_slice()), page(StatusCode::OK, list)).into_response()
        }
        CallbackResponse::Error(error) => page(StatusCode::BAD_REQUEST, LoginErrorPage { error: &error }),
    }
}
