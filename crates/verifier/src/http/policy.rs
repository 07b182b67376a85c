//! Policies: rules that admit or refuse a request by its head, and a tower layer that puts one in front of any service.

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

/// A rule about requests. It sees the head of a request and not its body.
///
/// The login route asks a policy twice. [`Policy::admit`] comes before everything that costs time, such as verifying the
/// solution of a human check. [`Policy::admit_response`] comes after it and is for what all clients share.
pub trait Policy: Send + Sync + 'static {
    /// Admits the request.
    ///
    /// # Errors
    /// The [`Refusal`].
    fn admit(&self, request: &Parts) -> impl Future<Output = Result<(), Refusal>> + Send;

    /// Admits an admitted request that passed every other check and is going to get a user id. By default it does so.
    ///
    /// # Errors
    /// The [`Refusal`].
    fn admit_response(&self, _request: &Parts) -> impl Future<Output = Result<(), Refusal>> + Send {
        std::future::ready(Ok(()))
    }

    /// Gives back what both have taken for a request that gets no user id after all. By default there is nothing.
    fn give_back(&self, _request: &Parts) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }
}

/// Admits every request.
impl Policy for () {
    async fn admit(&self, _: &Parts) -> Result<(), Refusal> {
        Ok(())
    }
}

/// An optional policy: `None` admits every request.
impl<P: Policy> Policy for Option<P> {
    async fn admit(&self, request: &Parts) -> Result<(), Refusal> {
        match self {
            Some(policy) => policy.admit(request).await,
            None => Ok(()),
        }
    }

    async fn admit_response(&self, request: &Parts) -> Result<(), Refusal> {
        match self {
            Some(policy) => policy.admit_response(request).await,
            None => Ok(()),
        }
    }

    async fn give_back(&self, request: &Parts) {
        if let Some(policy) = self {
            policy.give_back(request).await;
        }
    }
}

/// Both policies, one after the other.
impl<A: Policy, B: Policy> Policy for (A, B) {
    async fn admit(&self, request: &Parts) -> Result<(), Refusal> {
        self.0.admit(request).await?;
        self.1.admit(request).await
    }

    async fn admit_response(&self, request: &Parts) -> Result<(), Refusal> {
        self.0.admit_response(request).await?;
        self.1.admit_response(request).await
    }

    async fn give_back(&self, request: &Parts) {
        self.0.give_back(request).await;
        self.1.give_back(request).await;
    }
}

/// Puts a [`Policy`] in front of a service. The service never sees a refused request.
///
/// For logins use [`router_with_policy`](crate::router_with_policy): a rate limit in front of the whole route also
/// counts requests that cannot be answered.
#[derive(Debug)]
pub struct PolicyLayer<P>(Arc<P>);

impl<P> PolicyLayer<P> {
    /// Creates a layer with this policy.
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
    type Service = PolicyService<P, S>;

    fn layer(&self, inner: S) -> PolicyService<P, S> {
        PolicyService { policy: Arc::clone(&self.0), inner }
    }
}

/// A service behind a [`Policy`].
#[derive(Debug)]
pub struct PolicyService<P, S> {
    policy: Arc<P>,
    inner: S,
}

impl<P, S: Clone> Clone for PolicyService<P, S> {
    fn clone(&self) -> Self {
        Self { policy: Arc::clone(&self.policy), inner: self.inner.clone() }
    }
}

impl<P, S> Service<Request> for PolicyService<P, S>
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
        // `poll_ready` was called on this service and not on its clone, so this one is moved into the future.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let admitted = match policy.admit(&head).await {
                Ok(()) => policy.admit_response(&head).await,
                refused => refused,
            };
            match admitted {
                Ok(()) => inner.call(Request::from_parts(head, body)).await,
                Err(refusal) => Ok(refusal.into_response()),
            }
        })
    }
}
