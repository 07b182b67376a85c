//! The way of one login through the service, from top to bottom: bound, rules, answer, measurement.
//!
//! The rules are the same policies and the answer the same [`Login`] that go into any axum router. Here
//! they are one after the other in one future, because a router's layers, each of which is boxed for
//! itself, took half as long as the signature.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use tower::{Service, ServiceExt};

use super::login::{Answer, Login};
use super::router::LOGIN_PATH;
use crate::decision::{Refusal, RefusalCode};
use crate::http::{Policy, accepts_html, as_page, depends_on_accept, protect};
use crate::observability::{Metrics, Outcome};

/// What answers logins.
pub(crate) struct Endpoint<P> {
    pub(crate) policy: P,
    pub(crate) login: Login,
    pub(crate) metrics: Metrics,
    /// How long an answer may take.
    pub(crate) time_limit: Duration,
}

impl<P: Policy> Endpoint<P> {
    async fn answer(&self, request: Request) -> Response {
        let measurement = self.metrics.begin();
        let (head, body) = request.into_parts();
        // No timer is set for an answer that is there at once.
        let decided = tokio::time::timeout(self.time_limit, self.decide(&head, body)).await;
        let (outcome, mut response) = match decided.unwrap_or_else(|_| Err(RefusalCode::TimedOut.into())) {
            Ok(Answer::Login(response)) => (Ok(Outcome::Answered), response),
            Ok(Answer::Check(response)) => (Ok(Outcome::HumanCheckAsked), response),
            Err(refusal) => (Err(refusal), refused(refusal, &head.headers)),
        };
        depends_on_accept(&mut response);
        protect(&mut response);
        measurement.finish(outcome, &mut response);
        response
    }

    async fn decide(&self, head: &Parts, body: Body) -> Result<Answer, Refusal> {
        if announced_length(&head.headers) > self.login.max_body_bytes() {
            return Err(RefusalCode::BodyTooLarge.into());
        }
        self.login.answer(&self.policy, head, body).await
    }
}

/// What the client says; without a word of it, what it sends is not read.
fn announced_length(headers: &HeaderMap) -> usize {
    let length = headers.get(header::CONTENT_LENGTH).map(|value| value.to_str().map(str::parse));
    length.map_or(0, |length| length.map_or(usize::MAX, |length| length.unwrap_or(usize::MAX)))
}

fn refused(refusal: Refusal, headers: &HeaderMap) -> Response {
    let response = refusal.into_response();
    if accepts_html(headers) { as_page(refusal, response) } else { response }
}

/// The whole service as a tower service: logins by their `Endpoint`, the rest by a router.
#[derive(Clone)]
pub struct App {
    logins: Arc<dyn Answers>,
    others: Router,
}

impl App {
    pub(crate) fn new<P: Policy>(logins: Endpoint<P>, others: Router) -> Self {
        Self { logins: Arc::new(logins), others }
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").finish_non_exhaustive()
    }
}

impl Service<Request> for App {
    type Response = Response;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Answering {
        if request.uri().path() == LOGIN_PATH {
            Arc::clone(&self.logins).answer(request)
        } else {
            Box::pin(self.others.clone().oneshot(request))
        }
    }
}

type Answering = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

/// [`Endpoint`] without the type of its policy.
trait Answers: Send + Sync {
    fn answer(self: Arc<Self>, request: Request) -> Answering;
}

impl<P: Policy> Answers for Endpoint<P> {
    fn answer(self: Arc<Self>, request: Request) -> Answering {
        Box::pin(async move { Ok(Endpoint::answer(&self, request).await) })
    }
}
