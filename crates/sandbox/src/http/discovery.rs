//! Discovery and public keys.

use authress_jws::JwkSet;
use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::shared_state::SharedState;
use crate::error::ApiError;

/// OpenID Connect Discovery 1.0, section 3.
pub(super) async fn openid_configuration(State(shared): State<SharedState>) -> Json<Value> {
    let state = shared.lock();
    let host = state.public_url.as_str();
    Json(json!({
        "issuer": state.issuer(),
        "authorization_endpoint": format!("{host}/"),
        "token_endpoint": format!("{host}/api/authentication/oauth/tokens"),
        "jwks_uri": format!("{host}/.well-known/openid-configuration/jwks"),
        "end_session_endpoint": format!("{host}/logout"),
        "scopes_supported": ["openid", "profile", "email"],
        "response_types_supported": ["code", "token id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA"],
        "code_challenge_methods_supported": ["S256"],
    }))
}

pub(super) async fn keys(State(shared): State<SharedState>) -> Json<JwkSet> {
    Json(shared.lock().public_keys())
}

pub(super) async fn service_client_keys(
    State(shared): State<SharedState>,
    Path(client): Path<String>,
) -> Result<Json<JwkSet>, ApiError> {
    let state = shared.lock();
    let unknown = || ApiError::new(404, "ClientNotFound", "No service client with this id is configured.");
    state.service_clients.get(&client).map(|client| Json(client.public_keys().clone())).ok_or_else(unknown)
}
