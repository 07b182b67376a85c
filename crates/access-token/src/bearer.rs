//! Tokens in requests: an extractor for axum's handlers, and a tower layer for whole routers.

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
use crate::refusal::TokenRefusal;
use crate::verifier::TokenVerifier;

/// The token of the only `Authorization` header (RFC 6750 section 2.1). Two headers are refused
/// like none: which of them counts would be a guess. Tokens in the query or in a form are not taken
/// (sections 2.2 and 2.3): they end up in logs.
pub fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// As an argument of a handler. The router's state must hold a [`TokenVerifier`].
///
/// A token that [`RequireToken`] has checked is checked again here, unless the layer and the state hold clones of one
/// [`TokenVerifier`]: behind a layer that accepts more, the handler's own policy decides. An [`AccessToken`] that other
/// middleware has put into the request's extensions is not used.
impl<S> FromRequestParts<S> for AccessToken
where
    TokenVerifier: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = TokenRefusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, TokenRefusal> {
        let verifier = TokenVerifier::from_ref(state);
        if let Some(checked) = parts.extensions.get::<Checked>()
            && checked.by.is_same(&verifier)
        {
            return Ok(checked.token.clone());
        }
        let token = bearer_token(&parts.headers).ok_or(TokenRefusal::Missing)?;
        verifier.verify(token).await
    }
}

/// What [`RequireToken`] leaves for the extractor: the token, and which verifier accepted it.
#[derive(Clone)]
struct Checked {
    token: AccessToken,
    by: TokenVerifier,
}

/// A layer that lets only requests with a good access token pass, and puts the [`AccessToken`] into the
/// request's extensions.
///
/// `Extension<AccessToken>` in a handler is the token as the innermost such layer accepted it, and nothing more. A
/// handler with a policy of its own takes [`AccessToken`] itself as an argument.
#[derive(Clone, Debug)]
pub struct RequireToken(TokenVerifier);

impl RequireToken {
    /// A layer that asks this verifier.
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
        // The clone has not been asked whether it is ready; the one that has is used up.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        Box::pin(async move {
            let verified = match token {
                Some(token) => verifier.verify(&token).await,
                None => Err(TokenRefusal::Missing),
            };
            match verified {
                Ok(token) => {
                    request.extensions_mut().insert(Checked { token: token.clone(), by: verifier });
                    request.extensions_mut().insert(token);
                    inner.call(request).await
                }
                Err(refusal) => Ok(refusal.into_response()),
            }
        })
    }
}
