//! The login route as a tower service: limits, policy, response and measurement, in one future.
//!
//! Every way of serving the verifier goes through it: [`router_with_policy`](crate::router_with_policy) in a shop's own
//! server, and [`Service`](crate::Service) in the binary and on Lambda. The axum router that mounts it takes about 0.3 µs
//! of the 9 µs of a login. The steps themselves are not axum layers, because each layer boxes its future, and five of
//! them cost half as much as a signature.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::Response;

use super::login::{Login, LoginResponse};
use crate::decision::{Refusal, RefusalCode};
use crate::http::{Policy, error_response, protect, vary_on_accept};
use crate::observability::{Metrics, Outcome};

/// Answers login requests. Clones share everything.
pub(crate) struct LoginService<P>(Arc<Inner<P>>);

struct Inner<P> {
    login: Login,
    policy: P,
    metrics: Option<Metrics>,
    time_limit: Option<Duration>,
}

impl<P: Policy> LoginService<P> {
    /// A service without metrics and without a time limit.
    pub(crate) fn new(login: Login, policy: P) -> Self {
        Self(Arc::new(Inner { login, policy, metrics: None, time_limit: None }))
    }

    /// A service that counts and logs each request and responds within `time_limit`.
    pub(crate) fn measured(login: Login, policy: P, metrics: Metrics, time_limit: Duration) -> Self {
        Self(Arc::new(Inner { login, policy, metrics: Some(metrics), time_limit: Some(time_limit) }))
    }
}

impl<P: Policy> Inner<P> {
    async fn respond(&self, request: Request) -> Response {
        let measurement = self.metrics.as_ref().map(Metrics::begin);
        let (head, body) = request.into_parts();
        let decision = match self.time_limit {
            // A decision that is ready at once sets no timer.
            Some(limit) => tokio::time::timeout(limit, self.decide(&head, body)).await,
            None => Ok(self.decide(&head, body).await),
        };
        let (outcome, mut response) = match decision.unwrap_or_else(|_| Err(RefusalCode::TimedOut.into())) {
            Ok(LoginResponse::Answered(response)) => (Ok(Outcome::Answered), response),
            Ok(LoginResponse::HumanCheck(response)) => (Ok(Outcome::HumanCheckAsked), response),
            Err(refusal) => (Err(refusal), error_response(refusal, &head.headers)),
        };
        vary_on_accept(&mut response);
        protect(&mut response);
        if let Some(measurement) = measurement {
            measurement.finish(outcome, &mut response);
        }
        response
    }

    async fn decide(&self, head: &Parts, body: Body) -> Result<LoginResponse, Refusal> {
        if announced_length(&head.headers) > self.login.max_body_bytes() {
            return Err(RefusalCode::BodyTooLarge.into());
        }
        self.login.respond(&self.policy, head, body).await
    }
}

/// The length that the client announces. A body without one is bounded where it is read.
fn announced_length(headers: &HeaderMap) -> usize {
    let length = headers.get(header::CONTENT_LENGTH).map(|value| value.to_str().map(str::parse));
    length.map_or(0, |length| length.map_or(usize::MAX, |length| length.unwrap_or(usize::MAX)))
}

impl<P> Clone for LoginService<P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<P: Policy> tower::Service<Request> for LoginService<P> {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let inner = Arc::clone(&self.0);
        Box::pin(async move { Ok(inner.respond(request).await) })
    }
}
