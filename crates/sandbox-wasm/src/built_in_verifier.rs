//! The verifier of a service client, on the sandbox's own origin. It decides and signs as a shop's own verifier does. It has
//! no human check and no rate limits: all requests come from one machine. Tests inject faults for its path instead.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use authress_sandbox::Config;
use authress_secret::Secret;
use authress_single_use::{MemorySingleUse, Use, WhenFull};
use authress_verifier::{
    AccessKey, AuthressDomain, ClockReading, ENTROPY_BYTES, LoginRequest, Refusal, RefusalCode, Verifier,
};
use axum::extract::{Request, State};
use axum::http::header::{ALLOW, LOCATION};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use axum::{Json, Router};
use serde_json::json;
use url::Url;
use wasm_bindgen::JsError;

/// How long a used state is remembered: twice as long as a login may take.
const STATE_LIFETIME: Duration = Duration::from_secs(10 * 60);
/// The number of states that are remembered, at 9 to 18 bytes each.
const MAX_STATES: usize = 10_000;

/// A verifier at the path of its service client's `authorizationUrl`.
struct BuiltInVerifier<Clock> {
    verifier: Verifier,
    used_states: MemorySingleUse,
    /// The sandbox's time in milliseconds since 1970: a statement must be fresh by the clock that tests advance.
    now_ms: Clock,
    start: ClockReading,
}

/// The routes of a verifier for each service client whose `authorizationUrl` is at the sandbox's origin. `access_keys` are
/// in the order of the configuration; `now_ms` reads the sandbox's clock.
pub(crate) fn routes<Clock>(
    config: &Config,
    access_keys: &[(String, Secret)],
    now_ms: &Clock,
) -> Result<Router, JsError>
where
    Clock: Fn() -> u64 + Clone + Send + Sync + 'static,
{
    let public_url = config.public_url.clone().unwrap_or_else(|| format!("http://{}", config.listen));
    let origin = Url::parse(&public_url)?.origin();
    let mut routes = Router::new();
    for (client, (_, access_key)) in config.service_clients.iter().zip(access_keys) {
        let url = Url::parse(&client.authorization_url)?;
        if url.origin() == origin {
            let domain: AuthressDomain = public_url.parse()?;
            let access_key: AccessKey = access_key.expose().parse()?;
            let start = ClockReading::now().ok_or_else(|| JsError::new("the system's clock is before 1970"))?;
            let verifier = BuiltInVerifier {
                verifier: Verifier::new(domain, access_key),
                // When it is full, it forgets the oldest: the sandbox itself accepts each state once.
                used_states: MemorySingleUse::new(STATE_LIFETIME, MAX_STATES, WhenFull::ForgetOldest),
                now_ms: now_ms.clone(),
                start: ClockReading { since_1970: Duration::from_millis(now_ms()), ..start },
            };
            routes = routes.route(url.path(), any(respond::<Clock>).with_state(Arc::new(verifier)));
        }
    }
    Ok(routes)
}

async fn respond<Clock>(State(verifier): State<Arc<BuiltInVerifier<Clock>>>, request: Request) -> Response
where
    Clock: Fn() -> u64 + Send + Sync + 'static,
{
    let mut entropy = [0; ENTROPY_BYTES];
    if getrandom::fill(&mut entropy).is_err() {
        return (StatusCode::INTERNAL_SERVER_ERROR, "JavaScript gave no randomness").into_response();
    }
    match verifier.decide(&request, &entropy) {
        Ok(location) => (StatusCode::FOUND, [(LOCATION, location)]).into_response(),
        Err(refusal) => refusal_response(refusal),
    }
}

impl<Clock: Fn() -> u64> BuiltInVerifier<Clock> {
    /// The location of the redirect with the signed statement.
    fn decide(&self, request: &Request, entropy: &[u8; ENTROPY_BYTES]) -> Result<String, Refusal> {
        if request.method() != Method::GET {
            return Err(Refusal { allow: Some("GET"), ..RefusalCode::MethodNotAllowed.into() });
        }
        let login = LoginRequest::parse(request.uri().query().unwrap_or_default())?;
        let approved = self.verifier.approve(&login)?;
        let now = self.now();
        match self.used_states.spend_at(approved.state(), now.monotonic) {
            Use::First => Ok(approved.sign(entropy, now)),
            Use::Again => Err(RefusalCode::StateAlreadyUsed.into()),
            // Not in this memory, which forgets the oldest states.
            Use::Unknown => Err(RefusalCode::Unavailable.into()),
        }
    }

    /// Both clocks by the sandbox's time.
    fn now(&self) -> ClockReading {
        let since_1970 = Duration::from_millis((self.now_ms)());
        let elapsed = since_1970.saturating_sub(self.start.since_1970);
        ClockReading { since_1970, monotonic: self.start.monotonic + elapsed }
    }
}

impl<Clock> fmt::Debug for BuiltInVerifier<Clock> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BuiltInVerifier").field("verifier", &self.verifier).finish_non_exhaustive()
    }
}

/// The error response of a verifier, as JSON.
fn refusal_response(refusal: Refusal) -> Response {
    let body = json!({ "code": refusal.code.name(), "message": refusal.code.message() });
    let mut response = (refusal.code.status(), Json(body)).into_response();
    if let Some(methods) = refusal.allow {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
    }
    response
}
