//! The hosted settings page.

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::html::SettingsPage;
use super::response;
use super::shared_state::SharedState;
use crate::endpoints::query::Query;
use crate::endpoints::settings::{ApplicationLink, settings};
use crate::request_context::RequestContext;

pub(super) async fn page(
    State(shared): State<SharedState>,
    RawQuery(query): RawQuery,
    context: RequestContext,
) -> Response {
    let raw = query.unwrap_or_default();
    let query = Query::parse(&raw).unwrap_or_default();
    let settings = settings(&shared.lock(), &context, &query);
    let status =
        if settings.application_link == ApplicationLink::NotAllowed { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    response::page(status, SettingsPage::new(&settings, &format!("/settings?{raw}")))
}
