//! HTTP: the routes, and for each endpoint a handler that reads the request, calls [`crate::endpoints`] and writes the
//! response.

mod account;
mod authentication;
mod callback;
mod control;
mod cors;
mod devices;
mod discovery;
mod extension;
mod extract;
mod host;
mod html;
mod login_limit;
mod management;
mod navigation;
mod provider;
mod response;
mod session;
mod settings;
pub(crate) mod shared_state;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{any, delete, get, patch, post};

pub use self::control::Delay;
use self::shared_state::SharedState;

/// The requests of the login client are far smaller.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// All routes. The control routes exist only with `control`.
pub(crate) fn router(shared: SharedState, control: bool) -> Router {
    let logins = Router::new()
        .route("/api/authentication", post(authentication::start))
        .route("/api/authentication/{id}", patch(authentication::update))
        .route("/api/authentication/{id}/tokens", post(authentication::token))
        .route_layer(from_fn_with_state(shared.clone(), login_limit::check));
    let navigations = Router::new()
        .route("/", get(extension::home))
        .route("/login", get(callback::handle))
        .route("/sandbox/provider/{connection}", get(provider::page).post(provider::choose))
        .route_layer(from_fn_with_state(shared.clone(), navigation::check));
    let routes = logins
        .merge(navigations)
        .route("/logout", get(session::logout))
        .route("/settings", get(settings::page))
        .route("/.well-known/openid-configuration", get(discovery::openid_configuration))
        .route("/.well-known/openid-configuration/jwks", get(discovery::keys))
        .route("/v1/clients/{client}/.well-known/openid-configuration/jwks", get(discovery::service_client_keys))
        .route("/api/authentication/oauth/tokens", post(extension::token))
        .route("/api/session", patch(session::renew).delete(session::end))
        .route("/api/session/profile", get(account::profile))
        .route("/api/session/credentials", get(account::credentials))
        .route("/api/session/devices", get(devices::list).post(devices::register))
        .route("/api/session/devices/{id}", delete(devices::remove))
        .route("/api/session/identities/{id}", delete(account::unlink))
        .route("/sandbox/pictures/{name}", get(provider::picture));
    let routes = routes.merge(management::routes());
    let routes = if control { routes.merge(control::routes()) } else { routes };
    routes
        .fallback(any(response::not_found))
        .method_not_allowed_fallback(response::method_not_allowed)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(from_fn_with_state(shared.clone(), response::status_of_invalid_input))
        .layer(from_fn_with_state(shared.clone(), management::finish_deletions))
        .layer(from_fn_with_state(shared.clone(), control::inject_faults))
        .layer(from_fn_with_state(shared.clone(), cors::allow))
        .layer(from_fn_with_state(shared.clone(), control::log))
        .layer(from_fn_with_state(shared.clone(), host::check))
        .layer(from_fn(response::security_headers))
        .with_state(shared)
}
