//! The request of a health check.

use std::fmt;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::target::HealthTarget;

/// How long one address may take to respond.
const LIMIT: Duration = Duration::from_secs(3);

/// Asks `target`, and returns a sentence about its response.
///
/// It takes at most three seconds for each address.
///
/// # Errors
/// [`HealthError`], if there is no response or its status is not 200.
pub async fn check_health(target: &HealthTarget) -> Result<String, HealthError> {
    for authority in &target.authorities {
        let url = format!("http://{authority}{}", target.path);
        match tokio::time::timeout(LIMIT, ask(authority, &target.path)).await {
            Ok(Some(StatusCode::OK)) => return Ok(format!("{url} responds with 200.")),
            Ok(Some(status)) => return Err(HealthError::OtherStatus { url, status }),
            Ok(None) | Err(_) => {}
        }
    }
    Err(HealthError::NoResponse { asked: target.authorities.join(" and ") })
}

/// Returns the status of the response; `None` if there is no connection or no HTTP response.
async fn ask(authority: &str, path: &str) -> Option<StatusCode> {
    let stream = TcpStream::connect(authority).await.ok()?;
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.ok()?;
    let request = Request::get(path).header(header::HOST, authority).header(header::CONNECTION, "close");
    // A task of its own drives the connection until the head of the response is there.
    let driver = tokio::spawn(connection);
    let response = sender.send_request(request.body(Body::empty()).ok()?).await;
    driver.abort();
    Some(response.ok()?.status())
}

/// Why a verifier does not count as healthy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HealthError {
    /// No address responds.
    NoResponse {
        /// The addresses.
        asked: String,
    },
    /// The response has another status than 200.
    OtherStatus {
        /// The URL.
        url: String,
        /// The status.
        status: StatusCode,
    },
}

impl fmt::Display for HealthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoResponse { asked } => write!(
                f,
                "NoHealthResponse: no verifier responds at {asked}. Check that it runs, and that METRICS_LISTEN or LISTEN \
                 is the same for this command"
            ),
            Self::OtherStatus { url, status } => {
                write!(f, "NotHealthy: {url} responds with {} instead of 200", status.as_u16())
            }
        }
    }
}

impl std::error::Error for HealthError {}
