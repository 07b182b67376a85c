//! The steps from a login request to its response: the decision, the human check, the policy, the used states, and the
//! clock and randomness that signing needs.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use authress_single_use::{SingleUse, Use};
use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::Response;

use crate::decision::{
    Approved, ClockReading, ENTROPY_BYTES, LoginRequest, Refusal, RefusalCode, Verifier, method_not_allowed,
};
use crate::http::Policy;
use crate::human_check::{self, HumanGate, MAX_SOLUTION_BYTES};
use crate::used_states;

/// The longest body of a request that needs none.
pub(crate) const MAX_BODY_BYTES: usize = 1024;

/// How long a used `state` is remembered by default. Authress accepts a login for an hour at most; most are done within
/// five minutes.
pub const STATE_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// Answers login requests with a [`Verifier`], which can be replaced while the server runs, and a memory of used
/// states. Clones share both.
#[derive(Clone, Debug)]
pub struct Login {
    verifier: Arc<RwLock<Arc<Verifier>>>,
    states: Option<Arc<dyn SingleUse>>,
    human_gate: Option<Arc<HumanGate>>,
}

impl Login {
    /// Remembers used states in the memory of this process.
    pub fn new(verifier: Verifier) -> Self {
        let states = Arc::new(used_states::local(STATE_LIFETIME));
        Self { verifier: Arc::new(RwLock::new(Arc::new(verifier))), states: Some(states), human_gate: None }
    }

    /// Replaces the memory of used states. With `None`, a `state` can be used again.
    #[must_use]
    pub fn with_states(self, states: Option<Arc<dyn SingleUse>>) -> Self {
        Self { states, ..self }
    }

    /// Asks for a human check before a login is answered.
    #[must_use]
    pub fn with_human_check(self, gate: Option<HumanGate>) -> Self {
        Self { human_gate: gate.map(Arc::new), ..self }
    }

    /// The current verifier.
    pub fn verifier(&self) -> Arc<Verifier> {
        // Only whole values are stored, so the value behind a poisoned lock is still whole.
        self.verifier.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces the verifier. Requests in flight finish with the old one.
    pub fn replace_verifier(&self, verifier: Verifier) {
        *self.verifier.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(verifier);
    }

    /// The longest body that is read, in bytes.
    pub(crate) fn max_body_bytes(&self) -> usize {
        if self.human_gate.is_some() { MAX_SOLUTION_BYTES } else { MAX_BODY_BYTES }
    }

    /// Returns a redirect to Authress with a signed user id, or the page of a human check.
    ///
    /// Cheap checks come first, what all clients share last: every check of the request head, a `state` that this
    /// process knows as used, the limits of the client and its network, the human check, the global limit. A request
    /// that gets no user id keeps none of the tokens that it took, unless it failed the human check or got its page.
    ///
    /// # Errors
    /// The [`Refusal`].
    pub(crate) async fn respond<P: Policy>(
        &self,
        policy: &P,
        head: &Parts,
        body: Body,
    ) -> Result<LoginResponse, Refusal> {
        let is_post = match (&head.method, &self.human_gate) {
            (&Method::GET, _) => false,
            (&Method::POST, Some(_)) => true,
            (_, Some(_)) => return Err(method_not_allowed("GET, POST")),
            (_, None) => return Err(method_not_allowed("GET")),
        };
        let request = LoginRequest::parse(head.uri.query().unwrap_or_default())?;
        let verifier = self.verifier();
        let approved = verifier.approve(&request)?;
        if let Some(gate) = &self.human_gate {
            gate.check_head(head)?;
        }
        if self.states.as_ref().is_some_and(|states| states.is_known(approved.state())) {
            return Err(RefusalCode::StateAlreadyUsed.into());
        }
        policy.admit(head).await?;
        let free_login = match &self.human_gate {
            Some(gate) if is_post => {
                gate.verify(head, body, &request).await?;
                None
            }
            Some(gate) if gate.is_required(head) => {
                return Ok(LoginResponse::HumanCheck(gate.page(head, &request, now()?.since_1970)?));
            }
            gate => gate.as_ref(),
        };
        let signed = match policy.admit_response(head).await {
            Ok(()) => match self.sign(approved).await {
                Err(refusal) => {
                    policy.give_back(head).await;
                    Err(refusal)
                }
                signed => signed,
            },
            Err(refusal) => Err(refusal),
        };
        match signed {
            Ok(location) if is_post => Ok(LoginResponse::Answered(human_check::location_response(&location))),
            Ok(location) => Ok(LoginResponse::Answered(redirect(location))),
            Err(refusal) => {
                if let Some(gate) = free_login {
                    gate.give_back(head);
                }
                Err(refusal)
            }
        }
    }

    async fn sign(&self, approved: Approved<'_>) -> Result<HeaderValue, Refusal> {
        // Last, so that only a request that would be answered uses up its state.
        if let Some(states) = &self.states {
            match states.spend(approved.state()).await {
                Use::First => {}
                Use::Again => return Err(RefusalCode::StateAlreadyUsed.into()),
                Use::Unknown => return Err(RefusalCode::Unavailable.into()),
            }
        }
        let mut entropy = [0; ENTROPY_BYTES];
        getrandom::fill(&mut entropy).map_err(|_| RefusalCode::Unavailable)?;
        Ok(HeaderValue::try_from(approved.sign(&entropy, now()?)).map_err(|_| RefusalCode::Unavailable)?)
    }
}

/// The response to a login request that was not refused.
pub(crate) enum LoginResponse {
    /// With a user id.
    Answered(Response),
    /// With the page of a human check.
    HumanCheck(Response),
}

fn redirect(location: HeaderValue) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::FOUND;
    // Room for the headers that follow: growing the map later would hash all names again.
    response.headers_mut().reserve(8);
    response.headers_mut().insert(header::LOCATION, location);
    response
}

fn now() -> Result<ClockReading, RefusalCode> {
    ClockReading::now().ok_or(RefusalCode::Unavailable)
}

impl From<Verifier> for Login {
    fn from(verifier: Verifier) -> Self {
        Self::new(verifier)
    }
}
