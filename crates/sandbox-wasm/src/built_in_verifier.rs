//! The verifier of a service client, on the sandbox's own origin. It decides and signs as a shop's own verifier does, and
//! has no rate limits and no human check.

use std::cell::RefCell;
use std::collections::HashSet;
use std::time::Duration;

use authress_sandbox::Config;
use authress_secret::Secret;
use authress_verifier::{
    AccessKey, AuthressDomain, ClockReading, ENTROPY_BYTES, LoginRequest, Refusal, RefusalCode, Verifier,
};
use axum::http::{Method, Request};
use url::Url;
use wasm_bindgen::JsError;

use crate::response::LocalResponse;

/// A verifier at the path of its service client's `authorizationUrl`.
#[derive(Debug)]
pub(crate) struct BuiltInVerifier {
    path: String,
    verifier: Verifier,
    /// As long as the sandbox runs.
    used_states: RefCell<HashSet<String>>,
}

impl BuiltInVerifier {
    /// Makes a verifier for each service client whose `authorizationUrl` is at the sandbox's origin. `access_keys` are in
    /// the order of the configuration.
    pub(crate) fn for_clients(config: &Config, access_keys: &[(String, Secret)]) -> Result<Vec<Self>, JsError> {
        let public_url = config.public_url.clone().unwrap_or_else(|| format!("http://{}", config.listen));
        let origin = Url::parse(&public_url)?.origin();
        let mut verifiers = vec![];
        for (client, (_, access_key)) in config.service_clients.iter().zip(access_keys) {
            let url = Url::parse(&client.authorization_url)?;
            if url.origin() == origin {
                let domain: AuthressDomain = public_url.parse()?;
                let access_key: AccessKey = access_key.expose().parse()?;
                let verifier = Verifier::new(domain, access_key);
                verifiers.push(Self { path: url.path().to_owned(), verifier, used_states: RefCell::default() });
            }
        }
        Ok(verifiers)
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Responds to a login request. `now_ms` is the sandbox's time, in milliseconds since 1970.
    pub(crate) fn respond<Body>(&self, request: &Request<Body>, now_ms: u64) -> Result<LocalResponse, JsError> {
        let mut entropy = [0; ENTROPY_BYTES];
        getrandom::fill(&mut entropy).map_err(|_| JsError::new("JavaScript gave no randomness"))?;
        let clocks = ClockReading::now().ok_or_else(|| JsError::new("the system's clock is before 1970"))?;
        let now = ClockReading { since_1970: Duration::from_millis(now_ms), ..clocks };
        match self.decide(request, &entropy, now) {
            Ok(location) => Ok(LocalResponse::redirect(&location)?),
            Err(refusal) => Ok(LocalResponse::refusal(refusal)),
        }
    }

    fn decide<Body>(
        &self,
        request: &Request<Body>,
        entropy: &[u8; ENTROPY_BYTES],
        now: ClockReading,
    ) -> Result<String, Refusal> {
        if request.method() != Method::GET {
            return Err(Refusal { allow: Some("GET"), ..RefusalCode::MethodNotAllowed.into() });
        }
        let login = LoginRequest::parse(request.uri().query().unwrap_or_default())?;
        let approved = self.verifier.approve(&login)?;
        if !self.used_states.borrow_mut().insert(approved.state().to_owned()) {
            return Err(RefusalCode::StateAlreadyUsed.into());
        }
        Ok(approved.sign(entropy, now))
    }
}
