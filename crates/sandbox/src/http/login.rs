//! The pages on the bare origin: `/login`, `/logout`.

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::Shared;
use super::reply::{page, redirect, set_cookies};
use crate::account;
use crate::entropy::Entropy;
use crate::html;
use crate::login::{self, Query, Return};
use crate::state::Call;

pub(super) async fn receive(
    State(shared): State<Shared>,
    RawQuery(query): RawQuery,
    call: Call,
    mut entropy: Entropy,
) -> Response {
    let query = Query::parse(&query.unwrap_or_default());
    let mut state = shared.lock();
    match login::receive(&mut state, &call, query.as_ref(), &mut entropy) {
        Return::Redirect(answer) => redirect(StatusCode::FOUND, &answer.location, &answer.cookies),
        Return::Continue(url) => redirect(StatusCode::FOUND, &url, &[]),
        Return::Picker(id) => page(StatusCode::OK, html::picker_page(&state.connections, &id)),
        Return::Refused(refused) => page(StatusCode::BAD_REQUEST, html::refused_page(&refused)),
    }
}

pub(super) async fn logout(State(shared): State<Shared>, RawQuery(query): RawQuery, call: Call) -> Response {
    let query = Query::parse(&query.unwrap_or_default()).unwrap_or_default();
    let (application_id, redirect_uri) = (query.get("client_id"), query.get("redirect_uri"));
    let (place, cookies) = account::logout(&mut shared.lock(), &call, application_id, redirect_uri);
    let sentence = match (place, redirect_uri) {
        (Some(place), _) => return redirect(StatusCode::FOUND, &place, &cookies),
        (None, None) => "You can close this page.",
        (None, Some(_)) => "The place to go back to is not one of the application's redirectUrls.",
    };
    let status = if redirect_uri.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    (set_cookies(&cookies), page(status, html::note_page("You are signed out", sentence))).into_response()
}
