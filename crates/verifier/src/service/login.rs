//! The response to a login request: the one sequence of steps for every way the verifier is served.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use authress_single_use::{SingleUse, Use};
use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::Response;

use crate::decision::{Approved, ClockReading, ENTROPY_BYTES, LoginRequest, Refusal, RefusalCode, Verifier, only};
use crate::http::Policy;
use crate::human_check::{self, HumanGate, MAX_ANSWER_BYTES};
use crate::used_states;

/// A body that is longer is not waited for, where none is expected.
pub(crate) const MAX_BODY_BYTES: usize = 1024;

/// How long a `state` gets no second answer unless it is configured otherwise. A login must be done
/// within an hour at most, usually within five minutes.
pub const STATE_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// What answers logins: a [`Verifier`] that can be exchanged while it works, and the memory of used
/// states. Clones share both.
#[derive(Clone, Debug)]
pub struct Login {
    verifier: Arc<RwLock<Arc<Verifier>>>,
    states: Option<Arc<dyn SingleUse>>,
    gate: Option<Arc<HumanGate>>,
}

impl Login {
    /// Logins that remember used states in the memory of this process.
    pub fn new(verifier: Verifier) -> Self {
        let states = Arc::new(used_states::local(STATE_LIFETIME));
        Self { verifier: Arc::new(RwLock::new(Arc::new(verifier))), states: Some(states), gate: None }
    }

    /// The same with another memory of used states, or none.
    #[must_use]
    pub fn with_states(self, states: Option<Arc<dyn SingleUse>>) -> Self {
        Self { states, ..self }
    }

    /// The same, which asks for a check before it answers.
    #[must_use]
    pub fn with_human_check(self, gate: Option<HumanGate>) -> Self {
        Self { gate: gate.map(Arc::new), ..self }
    }

    /// The verifier that answers now.
    pub fn verifier(&self) -> Arc<Verifier> {
        // Only whole values are ever put into it, so a poisoned lock still guards one.
        self.verifier.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on this verifier answers. Requests in flight are finished by the old one.
    pub fn replace_verifier(&self, verifier: Verifier) {
        *self.verifier.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(verifier);
    }

    /// The longest body that is read.
    pub(crate) fn max_body_bytes(&self) -> usize {
        if self.gate.is_some() { MAX_ANSWER_BYTES } else { MAX_BODY_BYTES }
    }

    /// A redirect to Authress with a signed user id, the page of a check, or why neither.
    ///
    /// `policy` decides after everything that can be decided by the head alone: what could not be answered in any case
    /// takes no token of a limit.
    pub(crate) async fn answer<P: Policy>(&self, policy: &P, head: &Parts, body: Body) -> Result<Answer, Refusal> {
        let is_post = match (&head.method, &self.gate) {
            (&Method::GET, _) => false,
            (&Method::POST, Some(_)) => true,
            (_, Some(_)) => return Err(only("GET, POST")),
            (_, None) => return Err(only("GET")),
        };
        let request = LoginRequest::parse(head.uri.query().unwrap_or_default())?;
        let verifier = self.verifier();
        let approved = verifier.approve(&request)?;
        if let Some(gate) = &self.gate {
            gate.check_head(head)?;
        }
        policy.admit(head).await?;
        match &self.gate {
            Some(gate) if is_post => {
                gate.judge(head, body, &request).await?;
                Ok(Answer::Login(human_check::answered(&self.location(approved).await?)))
            }
            Some(gate) if gate.asks(head) => Ok(Answer::Check(gate.ask(head, &request, now()?.since_1970)?)),
            Some(_) | None => Ok(Answer::Login(redirect(self.location(approved).await?))),
        }
    }

    async fn location(&self, approved: Approved<'_>) -> Result<HeaderValue, Refusal> {
        // Last, so that only what would be answered uses its state up.
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

/// What a login gets that is not refused.
pub(crate) enum Answer {
    /// Its user id.
    Login(Response),
    /// A check first.
    Check(Response),
}

impl Answer {
    pub(crate) fn into_response(self) -> Response {
        match self {
            Self::Login(response) | Self::Check(response) => response,
        }
    }
}

fn redirect(location: HeaderValue) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::FOUND;
    // Room for what is added on the way out: to make some later would mean to hash all names again.
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
