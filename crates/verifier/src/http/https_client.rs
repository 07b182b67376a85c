//! The client for outgoing requests: to the provider of a human check, and for `--check` to the Authress domain.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustls_platform_verifier::BuilderVerifierExt;

/// Creates a client for the few HTTPS requests of the verifier. It trusts the system's authorities.
///
/// # Errors
/// [`HttpClientUnavailable`].
pub(crate) fn https_client(timeout: Duration) -> Result<reqwest::Client, HttpClientUnavailable> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_platform_verifier())
        .map_err(|_| HttpClientUnavailable)?
        .with_no_client_auth();
    // No redirects and no proxy: the secret goes to the configured URL only. Idle connections are closed before the
    // provider closes them: a request on a connection that is being closed would count as an outage.
    let client = reqwest::Client::builder().timeout(timeout).redirect(reqwest::redirect::Policy::none()).no_proxy();
    let client = client.pool_idle_timeout(Duration::from_secs(4));
    client.tls_backend_preconfigured(tls).build().map_err(|_| HttpClientUnavailable)
}

/// No HTTPS client can be created: usually the system has no root certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpClientUnavailable;

impl fmt::Display for HttpClientUnavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no HTTPS client can be created. Install the system's root certificates (ca-certificates)")
    }
}

impl std::error::Error for HttpClientUnavailable {}
