//! One small trait for every rule that looks at a request before it is decided on, and the tower
//! layer that puts such a rule in front of any service.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use tower::{Layer, Service};

use crate::decision::Refusal;

/// A rule about requests. It sees the head and not the body.
pub trait Policy: Send + Sync + 'static {
    /// Lets the request pass, or says why not.
    fn admit(&self, request: &Parts) -> impl Future<Output = Result<(), Refusal>> + Send;
}

/// No rule.
impl Policy for () {
    async fn admit(&self, _: &Parts) -> Result<(), Refusal> {
        Ok(())
    }
}

/// A rule that is only there if it is configured.
impl<P: Policy> Policy for Option<P> {
    async fn admit(&self, request: &Parts) -> Result<(), Refusal> {
        match self {
            Some(policy) => policy.admit(request).await,
            None => Ok(()),
        }
    }
}

/// Both rules, the first before the second.
impl<A: Policy, B: Policy> Policy for (A, B) {
    async fn admit(&self, request: &Parts) -> Result<(), Refusal> {
        self.0.admit(request).await?;
        self.1.admit(request).await
    }
}

/// Puts a [`Policy`] in front of a service: what the policy refuses never gets there.
///
/// For logins use [`router_with_policy`](crate::router_with_policy): a limit in front of the whole route also counts
/// requests that get no user id in any case.
#[derive(Debug)]
pub struct PolicyLayer<P>(Arc<P>);

impl<P> PolicyLayer<P> {
    /// A layer with this rule.
    pub fn new(policy: P) -> Self {
        Self(Arc::new(policy))
    }
}

impl<P> Clone for PolicyLayer<P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<P, S> Layer<S> for PolicyLayer<P> {
    type Service = Guarded<P, S>;

    fn layer(&self, inner: S) -> Guarded<P, S> {
        Guarded { policy: Arc::clone(&self.0), inner }
    }
}

/// A service behind a [`Policy`].
#[derive(Debug)]
pub struct Guarded<P, S> {
    policy: Arc<P>,
    inner: S,
}

impl<P, S: Clone> Clone for Guarded<P, S> {
    fn clone(&self) -> Self {
        Self { policy: Arc::clone(&self.policy), inner: self.inner.clone() }
    }
}

impl<P, S> Service<Request> for Guarded<P, S>
where
    P: Policy,
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let policy = Arc::clone(&self.policy);
        // The clone has not been asked whether it is ready; the one that has is used up.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        Box::pin(async move {
            let (head, body) = request.into_parts();
            match policy.admit(&head).await {
                Ok(()) => inner.call(Request::from_parts(head, body)).await,
                Err(refusal) => Ok(refusal.into_response()),
            }
        })
    }
}
