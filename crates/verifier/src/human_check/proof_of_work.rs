//! Proof of work by ALTCHA's protocol (version 2), without a third party.
//!
//! It does not detect humans. It makes a user id cost seconds of processor time. The browser derives keys (PBKDF2)
//! until one has the required prefix; the server verifies the solution with one derivation.
//!
//! The server does not store challenges. A challenge comes back with its solution. Its signature covers all parameters
//! (version 1 of the protocol allowed characters to move between two of them, CVE-2025-68113), among them the expiry
//! and the login. Each challenge is accepted once.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use altcha::{CreateChallengeOptions, Payload, VerifySolutionOptions, create_challenge, verify_solution};
use authress_secret::Secret;
use authress_single_use::{MemorySingleUse, SingleUse, Use, WhenFull};
use base64ct::{Base64, Encoding};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{CheckOutcome, CheckUnavailable, HumanCheck, LoginBinding, Widget};
use crate::used_states::CAPACITY;

/// The lifetime of a challenge. A slow telephone needs some seconds.
pub const CHALLENGE_LIFETIME: Duration = Duration::from_secs(5 * 60);

/// Creates challenges and verifies their solutions.
#[derive(Debug)]
pub struct ProofOfWork {
    secret: Secret,
    cost: u32,
    used_challenges: Arc<dyn SingleUse>,
    /// Whether a wrong signature has been logged.
    reported: AtomicBool,
}

impl ProofOfWork {
    /// Signs challenges with `secret` and remembers used challenges in this process. `cost` is the number of PBKDF2
    /// rounds of one attempt; a solution takes 256 attempts on average.
    pub fn new(secret: Secret, cost: u32) -> Self {
        // A forgotten challenge could be used again, so a full memory refuses new ones.
        let used_challenges = MemorySingleUse::new(CHALLENGE_LIFETIME, CAPACITY, WhenFull::Refuse);
        Self { secret, cost, used_challenges: Arc::new(used_challenges), reported: AtomicBool::new(false) }
    }

    /// [`ProofOfWork::new`] with a secret of 32 random bytes, for a single instance.
    ///
    /// # Errors
    /// When the operating system has no random bytes.
    pub fn with_random_secret(cost: u32) -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new([0_u8; 32]);
        getrandom::fill(bytes.as_mut_slice())?;
        Ok(Self::new(Secret::new(Base64::encode_string(bytes.as_slice())), cost))
    }

    /// Replaces the memory of used challenges, for several instances with one secret. It must remember them for at
    /// least [`CHALLENGE_LIFETIME`].
    #[must_use]
    pub fn with_used_challenges(self, used_challenges: Arc<dyn SingleUse>) -> Self {
        Self { used_challenges, ..self }
    }

    async fn verify(&self, solution: &str, login: &LoginBinding) -> CheckOutcome {
        let refused = |reason| {
            tracing::debug!(reason, "a solution of the human check is refused");
            CheckOutcome::Failed
        };
        let Some(payload) = decode(solution) else { return refused("malformed") };
        let parameters = &payload.challenge.parameters;
        let bound_to = parameters.data.as_ref().and_then(|data| data.get(LOGIN)).and_then(Value::as_str);
        // Every challenge of this server expires.
        if bound_to != Some(login.as_str()) || parameters.expires_at.is_none_or(|time| time <= 0) {
            return refused("for another login");
        }
        let Some(signature) = payload.challenge.signature.clone() else { return refused("unsigned") };
        let secret = self.secret.clone();
        // One derivation can take tens of milliseconds, and would block other requests.
        let verified = tokio::task::spawn_blocking(move || {
            let options = VerifySolutionOptions::new(&payload.challenge, &payload.solution, secret.expose());
            match verify_solution(options) {
                Ok(result) if result.verified => Ok(()),
                Ok(result) if result.expired => Err("expired"),
                Ok(result) if result.invalid_signature == Some(true) => Err(WRONG_SIGNATURE),
                Ok(_) | Err(_) => Err("wrong solution"),
            }
        });
        match verified.await {
            Ok(Ok(())) => match self.used_challenges.spend(&signature).await {
                Use::First => CheckOutcome::Passed,
                Use::Again => refused("used before"),
                Use::Unknown => CheckOutcome::Unavailable,
            },
            Ok(Err(reason)) => {
                // Logged once, because any client can cause it repeatedly.
                if reason == WRONG_SIGNATURE && !self.reported.swap(true, Ordering::Relaxed) {
                    tracing::warn!(
                        "a solution of the human check has a signature with another secret. All instances need the \
                         same human_check.secret_file. This is logged once"
                    );
                }
                refused(reason)
            }
            Err(_) => CheckOutcome::Unavailable,
        }
    }
}

impl HumanCheck for ProofOfWork {
    fn widget(&self, login: &LoginBinding, now: Duration) -> Result<Widget, CheckUnavailable> {
        let expires_at =
            i64::try_from(now.saturating_add(CHALLENGE_LIFETIME).as_secs()).map_err(|_| CheckUnavailable)?;
        let challenge = create_challenge(CreateChallengeOptions {
            algorithm: "PBKDF2/SHA-256".to_owned(),
            cost: self.cost,
            data: Some(BTreeMap::from([(LOGIN.to_owned(), login.as_str().into())])),
            expires_at: Some(expires_at),
            hmac_signature_secret: Some(self.secret.expose().to_owned()),
            ..CreateChallengeOptions::default()
        });
        let challenge = challenge.map_err(|_| CheckUnavailable)?;
        Ok(Widget { kind: "proof-of-work", settings: json!({ "challenge": challenge }).to_string(), sources: "" })
    }

    fn verify<'a>(
        &'a self,
        solution: &'a str,
        login: &'a LoginBinding,
        _: IpAddr,
    ) -> Pin<Box<dyn Future<Output = CheckOutcome> + Send + 'a>> {
        Box::pin(Self::verify(self, solution, login))
    }
}

/// Decodes the base64 of the challenge and its solution as JSON, the format of ALTCHA's own widget.
fn decode(solution: &str) -> Option<Payload> {
    serde_json::from_slice(&Base64::decode_vec(solution).ok()?).ok()
}

const WRONG_SIGNATURE: &str = "wrong signature";
/// The name of the login binding in the signed parameters.
const LOGIN: &str = "login";

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::SystemTime;

    use altcha::{Challenge, SolveChallengeOptions, solve_challenge};

    use super::*;

    const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn check() -> ProofOfWork {
        ProofOfWork::with_random_secret(2).unwrap()
    }

    fn login(name: &str) -> LoginBinding {
        LoginBinding(name.to_owned())
    }

    fn now() -> Duration {
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap()
    }

    fn challenge(check: &ProofOfWork, login: &LoginBinding, now: Duration) -> Challenge {
        let widget = check.widget(login, now).unwrap();
        serde_json::from_value(serde_json::from_str::<Value>(&widget.settings).unwrap()["challenge"].take()).unwrap()
    }

    fn solved(challenge: Challenge) -> Payload {
        let solution = solve_challenge(SolveChallengeOptions::new(&challenge)).unwrap().unwrap();
        Payload { challenge, solution }
    }

    fn text(payload: &impl serde::Serialize) -> String {
        Base64::encode_string(&serde_json::to_vec(payload).unwrap())
    }

    #[tokio::test]
    async fn a_solution_passes_once() {
        let (check, login) = (check(), login("a"));
        let solution = text(&solved(challenge(&check, &login, now())));
        assert_eq!(HumanCheck::verify(&check, &solution, &login, CLIENT).await, CheckOutcome::Passed);
        assert_eq!(HumanCheck::verify(&check, &solution, &login, CLIENT).await, CheckOutcome::Failed, "replayed");
    }

    #[tokio::test]
    async fn a_solution_for_one_login_does_not_pass_for_another() {
        let check = check();
        let solution = text(&solved(challenge(&check, &login("a"), now())));
        assert_eq!(check.verify(&solution, &login("b")).await, CheckOutcome::Failed);
        assert_eq!(check.verify(&solution, &login("a")).await, CheckOutcome::Passed, "the attempt does not use it up");
    }

    #[tokio::test]
    async fn no_parameter_can_be_changed_after_it_was_signed() {
        let (check, login) = (check(), login("a"));
        let good = serde_json::to_value(solved(challenge(&check, &login, now()))).unwrap();
        for (path, value) in [
            ("/challenge/parameters/cost", json!(1)),
            ("/challenge/parameters/keyPrefix", json!("")),
            ("/challenge/parameters/keyLength", json!(1)),
            ("/challenge/parameters/algorithm", json!("SHA-256")),
            ("/challenge/parameters/expiresAt", json!(now().as_secs() + 100_000)),
            ("/challenge/parameters/expiresAt", json!(0)),
            ("/challenge/parameters/expiresAt", Value::Null),
            ("/challenge/parameters/data/login", json!("b")),
            ("/challenge/parameters/data", Value::Null),
            ("/challenge/parameters/nonce", json!("00")),
            ("/challenge/parameters/salt", json!("00")),
            ("/challenge/signature", json!("00")),
            ("/challenge/signature", Value::Null),
            ("/solution/counter", json!(4_000_000_000_u32)),
            ("/solution/derivedKey", json!("00")),
        ] {
            let mut changed = good.clone();
            *changed.pointer_mut(path).unwrap() = value;
            assert_eq!(check.verify(&text(&changed), &login).await, CheckOutcome::Failed, "{path}");
        }
        assert_eq!(check.verify(&text(&good), &login).await, CheckOutcome::Passed);
    }

    #[tokio::test]
    async fn expired_challenges_and_those_of_another_secret_fail() {
        let (check, other, login) = (check(), check(), login("a"));
        let old = now() - CHALLENGE_LIFETIME - Duration::from_secs(2);
        for challenge in [challenge(&check, &login, old), challenge(&other, &login, now())] {
            assert_eq!(check.verify(&text(&solved(challenge)), &login).await, CheckOutcome::Failed);
        }
    }

    #[tokio::test]
    async fn malformed_solutions_fail() {
        for solution in ["", "e30=", "not base64", "bnVsbA==", "W10="] {
            assert_eq!(check().verify(solution, &login("a")).await, CheckOutcome::Failed, "{solution}");
        }
    }
}
