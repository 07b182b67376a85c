//! HTTP: reads calls, lets the decisions decide, writes answers.

mod authentication;
mod call;
mod control;
mod cors;
mod extension;
mod host;
mod keys;
mod login;
mod provider;
mod reply;
mod session;
mod settings;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{any, delete, get, patch, post};

use crate::state::State;

/// No request of the login client comes near it.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// The sandbox behind its lock, as handlers get it.
#[derive(Debug, Clone)]
pub(crate) struct Shared(Arc<Mutex<State>>);

impl Shared {
    pub(crate) fn new(state: State) -> Self {
        Self(Arc::new(Mutex::new(state)))
    }

    /// A panic in one request must not end the sandbox for all others.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All routes. The control routes exist only with `control`.
pub(crate) fn router(shared: Shared, control: bool) -> Router {
    let routes = Router::new()
        .route("/", get(extension::home))
        .route("/login", get(login::receive))
        .route("/logout", get(login::logout))
        .route("/settings", get(settings::page))
        .route("/.well-known/openid-configuration", get(keys::discovery))
        .route("/.well-known/openid-configuration/jwks", get(keys::own))
        .route("/v1/clients/{client}/.well-known/openid-configuration/jwks", get(keys::service_client))
        .route("/api/authentication", post(authentication::start))
        .route("/api/authentication/{id}", patch(authentication::update))
        .route("/api/authentication/{id}/tokens", post(authentication::exchange))
        .route("/api/authentication/oauth/tokens", post(extension::exchange))
        .route("/api/session", patch(session::extend).delete(session::end))
        .route("/api/session/profile", get(session::profile))
        .route("/api/session/credentials", get(session::credentials))
        .route("/api/session/devices", get(session::devices).post(session::register_device))
        .route("/api/session/devices/{id}", delete(session::remove_device))
        .route("/api/session/identities/{id}", delete(session::unlink))
        .route("/sandbox/provider/{connection}", get(provider::page).post(provider::choose))
        .route("/sandbox/pictures/{name}", get(provider::picture));
    let routes = if control { routes.merge(control::routes()) } else { routes };
    routes
        .fallback(any(reply::not_found))
        .method_not_allowed_fallback(reply::method_not_allowed)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(from_fn_with_state(shared.clone(), control::inject_faults))
        .layer(from_fn_with_state(shared.clone(), cors::allow))
        .layer(from_fn_with_state(shared.clone(), control::log))
        .layer(from_fn_with_state(shared.clone(), host::check))
        .layer(from_fn(reply::security_headers))
        .with_state(shared)
}

#[cfg(test)]
mod tests;
