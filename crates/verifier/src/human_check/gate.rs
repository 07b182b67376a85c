//! Who is asked, and how the answer comes back.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::{CheckUnavailable, HumanCheck, Judgement, LoginBinding, page};
use crate::decision::{LoginRequest, Refusal, RefusalCode};
use crate::http::{TrustedProxies, accepts_html};
use crate::rate_limit::{Limits, LocalRateLimiter, Rate, Verdict};

/// The longest answer that is read, in bytes. hCaptcha's have some thousand.
pub(crate) const MAX_ANSWER_BYTES: usize = 16 * 1024;

/// A check, and for whom it is.
#[derive(Debug)]
pub struct HumanGate {
    check: Arc<dyn HumanCheck>,
    proxies: TrustedProxies,
    /// Logins that a client gets without being asked; `None`: none.
    free: Option<LocalRateLimiter>,
}

impl HumanGate {
    /// Everybody is asked. `proxies` says whose address the check is told.
    pub fn new(check: Arc<dyn HumanCheck>, proxies: TrustedProxies) -> Self {
        Self { check, proxies, free: None }
    }

    /// Only a client that has had so many logins without being asked is asked. It is counted in each
    /// instance by itself, and by the same networks as the limit.
    #[must_use]
    pub fn only_beyond(self, free: Rate) -> Self {
        Self { free: Some(LocalRateLimiter::new(Limits { client: free, global: Rate::UNLIMITED })), ..self }
    }

    /// Refuses what the head alone shows to be no use: a program that asks for a page, and an answer that no page of
    /// ours has sent.
    ///
    /// # Errors
    /// [`RefusalCode::HumanCheckRequired`] or [`RefusalCode::HumanCheckFailed`].
    pub(crate) fn check_head(&self, request: &Parts) -> Result<(), RefusalCode> {
        if request.method == Method::POST {
            // A page of another origin cannot send this type without a preflight, which is not answered.
            if !is_json(&request.headers) {
                tracing::debug!("an answer to the human check whose Content-Type is not application/json");
                return Err(RefusalCode::HumanCheckFailed);
            }
        } else if self.free.is_none() && !accepts_html(&request.headers) {
            return Err(RefusalCode::HumanCheckRequired);
        }
        Ok(())
    }

    pub(crate) fn asks(&self, request: &Parts) -> bool {
        self.free.as_ref().is_none_or(|free| free.take_for(self.client(request)) != Verdict::Allowed)
    }

    /// The page that asks.
    ///
    /// # Errors
    /// [`RefusalCode::HumanCheckRequired`] for programs, which cannot do anything with a page.
    pub(crate) fn ask(&self, request: &Parts, login: &LoginRequest, now: Duration) -> Result<Response, Refusal> {
        if !accepts_html(&request.headers) {
            return Err(RefusalCode::HumanCheckRequired.into());
        }
        match self.check.widget(&LoginBinding::of(login), now) {
            Ok(widget) => Ok(page::of(&widget)),
            Err(CheckUnavailable) => Err(RefusalCode::Unavailable.into()),
        }
    }

    /// Reads and judges what the page has sent.
    ///
    /// # Errors
    /// [`RefusalCode::HumanCheckFailed`], or [`RefusalCode::Unavailable`] when it cannot be known.
    pub(crate) async fn judge(&self, request: &Parts, body: Body, login: &LoginRequest) -> Result<(), Refusal> {
        let body = to_bytes(body, MAX_ANSWER_BYTES).await.map_err(|_| RefusalCode::BodyTooLarge)?;
        let FromPage { answer } = serde_json::from_slice(&body).map_err(|_| {
            tracing::debug!("an answer to the human check that is not the page's JSON");
            RefusalCode::HumanCheckFailed
        })?;
        match self.check.judge(&answer, &LoginBinding::of(login), self.client(request)).await {
            Judgement::Human => Ok(()),
            Judgement::NotHuman => Err(RefusalCode::HumanCheckFailed.into()),
            Judgement::Unknown => Err(RefusalCode::Unavailable.into()),
        }
    }

    fn client(&self, request: &Parts) -> IpAddr {
        self.proxies.client_of(request)
    }
}

/// The media type alone, in any case, whatever its parameters (RFC 9110 section 8.3.1).
fn is_json(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    let essence = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

/// What the page sends.
#[derive(Deserialize)]
struct FromPage {
    answer: String,
}

/// Tells the page where to go. A redirect would be followed by `fetch` and not by the page.
pub(crate) fn answered(location: &HeaderValue) -> Response {
    let location = location.to_str().unwrap_or_default();
    let body = serde_json::to_string(&ToPage { location }).unwrap_or_default();
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[derive(Serialize)]
struct ToPage<'a> {
    location: &'a str,
}
