//! The hosted settings page.

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::Shared;
use super::reply;
use crate::html;
use crate::login::Query;
use crate::settings::{Back, settings};
use crate::state::Call;

pub(super) async fn page(State(shared): State<Shared>, RawQuery(query): RawQuery, call: Call) -> Response {
    let raw = query.unwrap_or_default();
    let query = Query::parse(&raw).unwrap_or_default();
    let settings = settings(&shared.lock(), &call, &query);
    let status = if settings.back == Back::Refused { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    reply::page(status, html::settings_page(&settings, &format!("/settings?{raw}")))
}
