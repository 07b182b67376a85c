//! Proof of work by ALTCHA's protocol (version 2), with nobody else involved.
//!
//! It proves nothing about humans: it prices a user id in seconds of a processor. The browser derives
//! keys (PBKDF2) until one begins with the asked letters; here one derivation tells whether it did.
//!
//! The challenge is not kept. It comes back with the answer, signed as a whole with every parameter in it
//! (the first version of the protocol left room between two of them, CVE-2025-68113): among them the time
//! it ends and the login it is for. Each is taken once.

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

use super::{CheckUnavailable, HumanCheck, Judgement, LoginBinding, Widget};
use crate::used_states::CAPACITY;

/// How long a challenge can be answered. A slow telephone takes some seconds.
pub const CHALLENGE_LIFETIME: Duration = Duration::from_secs(5 * 60);

/// Challenges and their answers.
#[derive(Debug)]
pub struct ProofOfWork {
    secret: Secret,
    cost: u32,
    spent: Arc<dyn SingleUse>,
    /// Whether a wrong signature has been logged.
    reported: AtomicBool,
}

impl ProofOfWork {
    /// Challenges signed with `secret`, whose answers this process remembers. `cost` is how many rounds one
    /// derivation takes; it is tried 256 times on average.
    pub fn new(secret: Secret, cost: u32) -> Self {
        // A spent challenge that was forgotten could be spent again: when it is full, nobody is let in.
        let spent = MemorySingleUse::new(CHALLENGE_LIFETIME, CAPACITY, WhenFull::Refuse);
        Self { secret, cost, spent: Arc::new(spent), reported: AtomicBool::new(false) }
    }

    /// The same, signed with 32 bytes of the operating system's randomness, for a single instance.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn with_random_secret(cost: u32) -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new([0_u8; 32]);
        getrandom::fill(bytes.as_mut_slice())?;
        Ok(Self::new(Secret::new(Base64::encode_string(bytes.as_slice())), cost))
    }

    /// The same with another memory of spent challenges, for several instances with one secret. It must
    /// remember for [`CHALLENGE_LIFETIME`] at least.
    #[must_use]
    pub fn with_spent(self, spent: Arc<dyn SingleUse>) -> Self {
        Self { spent, ..self }
    }

    async fn judge(&self, answer: &str, login: &LoginBinding) -> Judgement {
        let refused = |reason| {
            tracing::debug!(reason, "an answer to the human check is refused");
            Judgement::NotHuman
        };
        let Some(payload) = read(answer) else { return refused("unreadable") };
        let parameters = &payload.challenge.parameters;
        let is_for = parameters.data.as_ref().and_then(|data| data.get(LOGIN)).and_then(Value::as_str);
        // A challenge that never ends was not made here.
        if is_for != Some(login.as_str()) || parameters.expires_at.is_none_or(|time| time <= 0) {
            return refused("for another login");
        }
        let Some(name) = payload.challenge.signature.clone() else { return refused("unsigned") };
        let secret = self.secret.clone();
        // Up to some tens of milliseconds, in which others want to be answered.
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
            Ok(Ok(())) => match self.spent.spend(&name).await {
                Use::First => Judgement::Human,
                Use::Again => refused("used before"),
                Use::Unknown => Judgement::Unknown,
            },
            Ok(Err(reason)) => {
                // Once, because a stranger can cause it again and again.
                if reason == WRONG_SIGNATURE && !self.reported.swap(true, Ordering::Relaxed) {
                    tracing::warn!(
                        "an answer to the human check has another secret's signature: several instances need the same \
                         human_check.secret_file. Others will not be logged"
                    );
                }
                refused(reason)
            }
            Err(_) => Judgement::Unknown,
        }
    }
}

impl HumanCheck for ProofOfWork {
    fn widget(&self, login: &LoginBinding, now: Duration) -> Result<Widget, CheckUnavailable> {
        let ends = i64::try_from(now.saturating_add(CHALLENGE_LIFETIME).as_secs()).map_err(|_| CheckUnavailable)?;
        let challenge = create_challenge(CreateChallengeOptions {
            algorithm: "PBKDF2/SHA-256".to_owned(),
            cost: self.cost,
            data: Some(BTreeMap::from([(LOGIN.to_owned(), login.as_str().into())])),
            expires_at: Some(ends),
            hmac_signature_secret: Some(self.secret.expose().to_owned()),
            ..CreateChallengeOptions::default()
        });
        let challenge = challenge.map_err(|_| CheckUnavailable)?;
        Ok(Widget { kind: "proof-of-work", settings: json!({ "challenge": challenge }).to_string(), sources: "" })
    }

    fn judge<'a>(
        &'a self,
        answer: &'a str,
        login: &'a LoginBinding,
        _: IpAddr,
    ) -> Pin<Box<dyn Future<Output = Judgement> + Send + 'a>> {
        Box::pin(Self::judge(self, answer, login))
    }
}

/// Base64 of the challenge and its solution as JSON: what ALTCHA's own widget sends, too.
fn read(answer: &str) -> Option<Payload> {
    serde_json::from_slice(&Base64::decode_vec(answer).ok()?).ok()
}

const WRONG_SIGNATURE: &str = "wrong signature";
/// The name of the login within the signed parameters.
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
    async fn work_for_a_login_opens_it_once() {
        let (check, login) = (check(), login("a"));
        let answer = text(&solved(challenge(&check, &login, now())));
        assert_eq!(HumanCheck::judge(&check, &answer, &login, CLIENT).await, Judgement::Human);
        assert_eq!(HumanCheck::judge(&check, &answer, &login, CLIENT).await, Judgement::NotHuman, "played again");
    }

    #[tokio::test]
    async fn work_for_one_login_does_not_open_another() {
        let check = check();
        let answer = text(&solved(challenge(&check, &login("a"), now())));
        assert_eq!(check.judge(&answer, &login("b")).await, Judgement::NotHuman);
        assert_eq!(check.judge(&answer, &login("a")).await, Judgement::Human, "and is not used up by the attempt");
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
            assert_eq!(check.judge(&text(&changed), &login).await, Judgement::NotHuman, "{path}");
        }
        assert_eq!(check.judge(&text(&good), &login).await, Judgement::Human);
    }

    #[tokio::test]
    async fn an_old_challenge_and_one_of_another_secret_are_not_taken() {
        let (check, other, login) = (check(), check(), login("a"));
        let old = now() - CHALLENGE_LIFETIME - Duration::from_secs(2);
        for challenge in [challenge(&check, &login, old), challenge(&other, &login, now())] {
            assert_eq!(check.judge(&text(&solved(challenge)), &login).await, Judgement::NotHuman);
        }
    }

    #[tokio::test]
    async fn what_is_no_answer_is_not_taken() {
        for answer in ["", "e30=", "not base64", "bnVsbA==", "W10="] {
            assert_eq!(check().judge(answer, &login("a")).await, Judgement::NotHuman, "{answer}");
        }
    }
}
