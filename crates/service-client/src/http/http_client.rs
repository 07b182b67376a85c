//! Sends a request once.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use authress_secret::Secret;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, IF_UNMODIFIED_SINCE};
use rustls_platform_verifier::BuilderVerifierExt;

use super::request::ApiRequest;
use super::response::ApiResponse;
use crate::error::Outage;
use crate::values::InvalidValue;

/// How long making a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// The size limit of a response, in bytes: a page of 20 records of about 100 KB, with room for unknown members.
const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

/// An HTTP client that verifies certificates as the system does.
///
/// Requests contain tokens, so they go to the configured host only: there are no redirects and no proxies.
#[derive(Clone, Debug)]
pub(crate) struct HttpClient(reqwest::Client);

impl HttpClient {
    pub(crate) fn new() -> Result<Self, HttpClientUnavailable> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_platform_verifier())
            .map_err(|_| HttpClientUnavailable)?
            .with_no_client_auth();
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
            // Before Authress closes them: a request on a connection that is being closed has no response, and may not be
            // repeated.
            .pool_idle_timeout(Duration::from_secs(4))
            .tls_backend_preconfigured(tls);
        client.build().map(Self).map_err(|_| HttpClientUnavailable)
    }

    /// Sends the request and reads the response. Time is limited by the caller.
    pub(crate) async fn send(&self, request: &ApiRequest, authorization: &HeaderValue) -> Result<ApiResponse, Outage> {
        let mut builder = self
            .0
            .request(request.method.clone(), request.url.clone())
            .header(AUTHORIZATION, authorization)
            .header(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(body) = &request.body {
            builder = builder.header(CONTENT_TYPE, HeaderValue::from_static("application/json")).body(body.clone());
        }
        if let Some(last_updated) = &request.if_unmodified_since {
            builder = builder.header(IF_UNMODIFIED_SINCE, last_updated);
        }
        let mut response = builder.send().await.map_err(|error| outage(&error))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| outage(&error))? {
            if body.len() + chunk.len() > MAX_BODY_BYTES {
                return Ok(ApiResponse::new(status, headers, None));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(ApiResponse::new(status, headers, Some(body)))
    }
}

/// The header `Authorization` with this token. It is not printed.
pub(crate) fn bearer(token: &Secret) -> Result<HeaderValue, InvalidValue> {
    let mut value = HeaderValue::from_str(&["Bearer ", token.expose()].concat())
        .map_err(|_| InvalidValue { name: "access token", allowed: "a JWT: visible ASCII characters only" })?;
    value.set_sensitive(true);
    Ok(value)
}

/// The error itself is not kept: it contains the URL, and with it user ids and invite ids.
fn outage(error: &reqwest::Error) -> Outage {
    if error.is_connect() {
        Outage::NotConnected
    } else if error.is_timeout() {
        Outage::TimedOut
    } else {
        Outage::ConnectionLost
    }
}

/// The system's certificate verifier could not be set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpClientUnavailable;

impl fmt::Display for HttpClientUnavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no HTTP client can be created: install the system's root certificates (often ca-certificates)")
    }
}

impl std::error::Error for HttpClientUnavailable {}
