//! Sending requests: repeated attempts, the proof of work, clock skew, and the randomness for both.

use crate::{context::Context, ports::Ports};
use authress_login_protocol::{
    authorization::{entropy::Entropy, pkce, proof_of_work::ProofOfWorkRequest},
    error::Error,
    http::{self, Outcome, Request},
};
use futures_util::future::LocalBoxFuture;

impl<P: Ports> Context<P> {
    /// Sends a request, repeatedly while its outcome is temporary.
    pub(crate) fn send<'a>(&'a self, request: &'a Request) -> LocalBoxFuture<'a, Outcome> {
        Box::pin(async move {
            let origin = self.settings.origin();
            let mut attempt = 1;
            loop {
                let outcome = self.ports.send(&origin, request).await;
                match http::retry_delay_ms(attempt, &outcome) {
                    Some(delay_ms) => self.ports.sleep(delay_ms).await,
                    None => return outcome,
                }
                attempt += 1;
            }
        })
    }

    /// Sends a request with a proof of work. `prepare` makes the request from the current time; it is called again if
    /// the request was refused because of clock skew.
    pub(crate) fn send_with_proof_of_work<'a>(
        &'a self,
        prepare: &'a mut (dyn FnMut() -> Result<Box<ProofOfWorkRequest>, Error> + 'a),
    ) -> LocalBoxFuture<'a, Result<Outcome, Error>> {
        Box::pin(async move {
            loop {
                let request = self.find_proof_of_work(prepare()?).await;
                let outcome = self.send(&request).await;
                if !self.detect_clock_skew(&outcome).await {
                    return Ok(outcome);
                }
            }
        })
    }

    /// Searches the proof of work in batches and yields to the event loop in between.
    fn find_proof_of_work(&self, mut request: Box<ProofOfWorkRequest>) -> LocalBoxFuture<'_, Request> {
        Box::pin(async move {
            loop {
                self.ports.yield_to_event_loop().await;
                match request.try_batch() {
                    Ok(request) => return request,
                    Err(unfinished) => request = unfinished,
                }
            }
        })
    }

    /// Whether the request may have been refused because of clock skew that is known only now: then it is worth a
    /// second attempt.
    fn detect_clock_skew<'a>(&'a self, outcome: &'a Outcome) -> LocalBoxFuture<'a, bool> {
        Box::pin(async move {
            if !http::may_be_clock_skew(outcome) || self.skew_ms.get() != 0 {
                return false;
            }
            let Some(server_ms) = self.ports.server_now_ms().await else { return false };
            self.skew_ms.set(self.now().corrected_by(server_ms).skew_ms);
            self.skew_ms.get() != 0
        })
    }

    /// Returns the number at which a search for a proof of work starts.
    pub(crate) fn search_start(&self) -> Result<u32, Error> {
        let mut bytes = [0; 4];
        self.ports.fill_random(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    /// Returns the randomness of one authorization request.
    pub(crate) fn entropy(&self) -> Result<Entropy, Error> {
        let mut code_verifier = [0; pkce::VERIFIER_ENTROPY_BYTES];
        self.ports.fill_random(&mut code_verifier)?;
        Ok(Entropy { code_verifier, search_start: self.search_start()? })
    }
}
