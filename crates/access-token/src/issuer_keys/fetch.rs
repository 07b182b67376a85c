//! The request for an issuer's keys.

use std::sync::Arc;
use std::time::Duration;

use authress_jws::KeyRing;
use rustls_platform_verifier::BuilderVerifierExt;

use super::error::KeysUnavailable;

/// How long the issuer has to respond.
pub const TIMEOUT: Duration = Duration::from_secs(3);

/// The size limit of a key set, in bytes.
pub const MAX_BYTES: usize = 64 * 1024;

/// An HTTP client that verifies certificates as the system does.
///
/// The keys decide which tokens are accepted, so they come from the configured URL only: there are no redirects and no
/// proxies.
pub(super) fn client() -> Result<reqwest::Client, KeysUnavailable> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_platform_verifier())
        .map_err(|_| KeysUnavailable)?
        .with_no_client_auth();
    reqwest::Client::builder()
        .timeout(TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        // Minutes pass between two requests: the issuer would close a connection that is kept open.
        .pool_max_idle_per_host(0)
        .tls_backend_preconfigured(tls)
        .build()
        .map_err(|_| KeysUnavailable)
}

/// Fetches the keys at `url`.
pub(super) async fn fetch(client: &reqwest::Client, url: &str) -> Result<KeyRing, KeysUnavailable> {
    let mut response = client.get(url).send().await.map_err(|_| KeysUnavailable)?;
    if response.status() != reqwest::StatusCode::OK {
        return Err(KeysUnavailable);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| KeysUnavailable)? {
        if body.len() + chunk.len() > MAX_BYTES {
            return Err(KeysUnavailable);
        }
        body.extend_from_slice(&chunk);
    }
    serde_json::from_slice(&body).map_err(|_| KeysUnavailable)
}
