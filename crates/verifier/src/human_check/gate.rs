//! When a human check is required, and how its solution is received.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::{CheckOutcome, CheckUnavailable, HumanCheck, LoginBinding, page};
use crate::decision::{LoginRequest, Refusal, RefusalCode};
use crate::http::{TrustedProxies, accepts_html};
use crate::rate_limit::{Limits, LocalRateLimiter, Rate, Verdict};

/// The longest request body with a solution, in bytes. Those of hCaptcha have some thousand.
pub(crate) const MAX_SOLUTION_BYTES: usize = 16 * 1024;

/// Requires a human check for login requests.
#[derive(Debug)]
pub struct HumanGate {
    check: Arc<dyn HumanCheck>,
    proxies: TrustedProxies,
    /// Logins without a check for each client; `None`: none.
    free_logins: Option<LocalRateLimiter>,
}

impl HumanGate {
    /// Requires `check` for every login. `proxies` determines the client IP address that the check receives.
    pub fn new(check: Arc<dyn HumanCheck>, proxies: TrustedProxies) -> Self {
        Self { check, proxies, free_logins: None }
    }

    /// Requires the check only from clients that have used up their logins without one. Each instance counts them
    /// separately, by the network prefixes of the rate limit.
    #[must_use]
    pub fn with_free_logins(self, rate: Rate) -> Self {
        let limits = Limits { client: rate, network: Rate::UNLIMITED, global: Rate::UNLIMITED };
        Self { free_logins: Some(LocalRateLimiter::new(limits)), ..self }
    }

    /// Refuses requests that cannot pass: a client that does not accept the page, and a solution that the page did not
    /// send.
    ///
    /// # Errors
    /// [`RefusalCode::HumanCheckRequired`] or [`RefusalCode::HumanCheckFailed`].
    pub(crate) fn check_head(&self, request: &Parts) -> Result<(), RefusalCode> {
        if request.method == Method::POST {
            // A page of another origin cannot send this type without a CORS preflight, which fails.
            if !is_json(&request.headers) {
                tracing::debug!("a solution of the human check is refused: its Content-Type is not application/json");
                return Err(RefusalCode::HumanCheckFailed);
            }
        } else if self.free_logins.is_none() && !accepts_html(&request.headers) {
            return Err(RefusalCode::HumanCheckRequired);
        }
        Ok(())
    }

    /// Returns whether this request needs a check. It takes a free login if the client has one.
    pub(crate) fn is_required(&self, request: &Parts) -> bool {
        self.free_logins.as_ref().is_none_or(|free| free.take_for(self.proxies.client_ip(request)) != Verdict::Allowed)
    }

    /// Gives back the free login that [`HumanGate::is_required`] has taken.
    pub(crate) fn give_back(&self, request: &Parts) {
        if let Some(free) = &self.free_logins {
            free.give_back_client(self.proxies.client_ip(request).into());
        }
    }

    /// Returns the page with the check.
    ///
    /// # Errors
    /// [`RefusalCode::HumanCheckRequired`] if the client does not accept HTML.
    pub(crate) fn page(&self, request: &Parts, login: &LoginRequest, now: Duration) -> Result<Response, Refusal> {
        if !accepts_html(&request.headers) {
            return Err(RefusalCode::HumanCheckRequired.into());
        }
        match self.check.widget(&LoginBinding::of(login), now) {
            Ok(widget) => Ok(page::response(&widget)),
            Err(CheckUnavailable) => Err(RefusalCode::Unavailable.into()),
        }
    }

    /// Reads and verifies the solution that the page sent.
    ///
    /// # Errors
    /// [`RefusalCode::HumanCheckFailed`], or [`RefusalCode::Unavailable`] if the check is unavailable.
    pub(crate) async fn verify(&self, request: &Parts, body: Body, login: &LoginRequest) -> Result<(), Refusal> {
        let body = to_bytes(body, MAX_SOLUTION_BYTES).await.map_err(|_| RefusalCode::BodyTooLarge)?;
        let Submission { answer: solution } = serde_json::from_slice(&body).map_err(|_| {
            tracing::debug!("a solution of the human check is refused: its body is not the JSON of the page");
            RefusalCode::HumanCheckFailed
        })?;
        match self.check.verify(&solution, &LoginBinding::of(login), self.proxies.client_ip(request)).await {
            CheckOutcome::Passed => Ok(()),
            CheckOutcome::Failed => Err(RefusalCode::HumanCheckFailed.into()),
            CheckOutcome::Unavailable => Err(RefusalCode::Unavailable.into()),
        }
    }
}

/// Returns whether the media type is JSON, in any case and with any parameters (RFC 9110 section 8.3.1).
fn is_json(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    let essence = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

/// The request body of the page.
#[derive(Deserialize)]
struct Submission {
    answer: String,
}

/// Returns the URL for the page to navigate to. `fetch` would follow a redirect itself.
pub(crate) fn location_response(location: &HeaderValue) -> Response {
    let location = location.to_str().unwrap_or_default();
    let body = serde_json::to_string(&LocationBody { location }).unwrap_or_default();
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[derive(Serialize)]
struct LocationBody<'a> {
    location: &'a str,
}
