//! Bearer tokens of requests: an extractor for axum's handlers, and a tower layer for whole routers.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::extract::{FromRef, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use tower::{Layer, Service};

use crate::policy::AccessToken;
use crate::token_error::TokenError;
use crate::verifier::TokenVerifier;

/// Returns the token of the `Authorization` header (RFC 6750 section 2.1), `None` if there are several of these headers.
/// Tokens in the query or in a form are not accepted (sections 2.2 and 2.3), because they end up in logs.
pub fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// Extracts a valid access token as an argument of a handler. The router's state must provide a [`TokenVerifier`].
///
/// A token that [`RequireToken`] has verified is verified again here, unless the layer and the state hold clones of one
/// [`TokenVerifier`]: behind a layer that accepts more, the handler's own policy decides. An [`AccessToken`] that other
/// middleware has put into the request's extensions is not used.
impl<S> FromRequestParts<S> for AccessToken
where
    TokenVerifier: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = TokenError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, TokenError> {
        let verifier = TokenVerifier::from_ref(state);
        if let Some(verified) = parts.extensions.get::<VerifiedByLayer>()
            && verified.by.is_same(&verifier)
        {
            return Ok(verified.token.clone());
        }
        let token = bearer_token(&parts.headers).ok_or(TokenError::Missing)?;
        verifier.verify(token).await
    }
}

/// What [`RequireToken`] leaves for the extractor: the token, and which verifier accepted it.
#[derive(Clone)]
struct VerifiedByLayer {
    token: AccessToken,
    by: TokenVerifier,
}

/// A layer that accepts only requests with a valid access token, and puts the [`AccessToken`] into the
/// request's extensions.
///
/// `Extension<AccessToken>` in a handler is the token as the innermost such layer has accepted it. A
/// handler with its own policy extracts [`AccessToken`] itself.
#[derive(Clone, Debug)]
pub struct RequireToken(TokenVerifier);

impl RequireToken {
    /// A layer that verifies tokens with `verifier`.
    pub fn new(verifier: TokenVerifier) -> Self {
        Self(verifier)
    }
}

impl<S> Layer<S> for RequireToken {
    type Service = Authorized<S>;

    fn layer(&self, inner: S) -> Authorized<S> {
        Authorized { verifier: self.0.clone(), inner }
    }
}

/// A service behind [`RequireToken`].
#[derive(Clone, Debug)]
pub struct Authorized<S> {
    verifier: TokenVerifier,
    inner: S,
}

impl<S> Service<Request> for Authorized<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let verifier = self.verifier.clone();
        let token = bearer_token(request.headers()).map(str::to_owned);
        // `poll_ready` was called on the inner service and not on a clone of it: the clone stays for the next request.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        Box::pin(async move {
            let verified = match token {
                Some(token) => verifier.verify(&token).await,
                None => Err(TokenError::Missing),
            };
            match verified {
                Ok(token) => {
                    request.extensions_mut().insert(VerifiedByLayer { token: token.clone(), by: verifier });
                    request.extensions_mut().insert(token);
                    inner.call(request).await
                }
                Err(error) => Ok(error.into_response()),
            }
        })
    }
}
