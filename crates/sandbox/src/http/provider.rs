//! The fake identity providers' pages.

use askama::Template;
use axum::Form;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::html::{MessagePage, Picture, ProviderPage};
use super::response;
use super::shared_state::SharedState;
use crate::endpoints::provider::{self, cancel, provider_of};
use crate::endpoints::query::Query;
use crate::entropy::Entropy;
use crate::model::connection::Person;

/// The form of the page.
#[derive(Debug, Deserialize)]
pub(super) struct Choice {
    user: Option<String>,
    cancel: Option<String>,
}

pub(super) async fn page(
    State(shared): State<SharedState>,
    Path(connection_id): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let state = shared.lock();
    match provider_of(&state, &connection_id, &request_id(query.as_deref())) {
        Some(connection) => response::page(StatusCode::OK, ProviderPage { connection }),
        None => not_found(),
    }
}

pub(super) async fn choose(
    State(shared): State<SharedState>,
    Path(connection_id): Path<String>,
    RawQuery(query): RawQuery,
    mut entropy: Entropy,
    Form(choice): Form<Choice>,
) -> Response {
    let request_id = request_id(query.as_deref());
    let mut state = shared.lock();
    if provider_of(&state, &connection_id, &request_id).is_none() {
        return not_found();
    }
    let location = if choice.cancel.is_some() {
        cancel(&state, &request_id)
    } else {
        let Some(person) = choice.user.as_deref().and_then(Person::from_choice) else {
            let message = "Type a name of 1 to 64 characters, or choose a person. Go back and try again.";
            return response::page(StatusCode::BAD_REQUEST, MessagePage { heading: "Invalid name", message });
        };
        provider::choose(&mut state, &connection_id, &request_id, person, &mut entropy)
    };
    response::redirect(StatusCode::SEE_OTHER, &location, &[])
}

/// The pictures in the id tokens of the providers' people.
pub(super) async fn picture(Path(name): Path<String>) -> Response {
    let letter = name.chars().next().filter(char::is_ascii_alphanumeric).unwrap_or('?');
    let picture = Picture { letter: letter.to_ascii_uppercase() }.render().unwrap_or_default();
    ([(CONTENT_TYPE, "image/svg+xml")], picture).into_response()
}

fn request_id(query: Option<&str>) -> String {
    let query = Query::parse(query.unwrap_or_default()).unwrap_or_default();
    query.get("state").unwrap_or_default().to_owned()
}

fn not_found() -> Response {
    let message = "This provider does not exist, or no login was started under this state.";
    response::page(StatusCode::NOT_FOUND, MessagePage { heading: "Login not found", message })
}
