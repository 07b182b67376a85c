//! Asking whoever wants a user id to prove that they are human, or at least to pay for it with work.
//!
//! A login that is asked gets a page with the check in the place of its answer. The page sends what the
//! check gave by `POST` to the same address, and only then the login is answered. Off unless configured.

mod gate;
mod page;
mod proof_of_work;
mod siteverify;

use std::fmt;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::time::Duration;

use base64ct::{Base64UrlUnpadded, Encoding};
use sha2::{Digest, Sha256};

pub use gate::HumanGate;
pub(crate) use gate::{MAX_ANSWER_BYTES, answered};
pub use proof_of_work::{CHALLENGE_LIFETIME, ProofOfWork};
pub use siteverify::{HttpClientUnavailable, Provider, SiteVerify};

use crate::decision::LoginRequest;

/// A check that programs find hard or dear.
pub trait HumanCheck: fmt::Debug + Send + Sync + 'static {
    /// What the page shows for this login. `now` is the time since 1970.
    ///
    /// # Errors
    /// [`CheckUnavailable`] when there is no randomness.
    fn widget(&self, login: &LoginBinding, now: Duration) -> Result<Widget, CheckUnavailable>;

    /// Whether `answer` is what the widget of this login gives to humans, for the first time.
    fn judge<'a>(
        &'a self,
        answer: &'a str,
        login: &'a LoginBinding,
        client: IpAddr,
    ) -> Pin<Box<dyn Future<Output = Judgement> + Send + 'a>>;
}

/// What a check says of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Good, and used up.
    Human,
    /// Wrong, too old, used before, or given for another login.
    NotHuman,
    /// It cannot be known: the check is out of reach. Nobody is answered then.
    Unknown,
}

/// There is no check at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckUnavailable;

/// What the page needs for one check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Widget {
    /// Which part of the page's script shows it: `proof-of-work`, `turnstile` or `hcaptcha`.
    pub kind: &'static str,
    /// What that part needs to know, as JSON.
    pub settings: String,
    /// Where the widget's own script, frames, styles and requests come from, as sources of a
    /// Content-Security-Policy; empty: all is in the page.
    pub sources: &'static str,
}

/// A name of one login that is different for any other `state`, `redirect_uri` or `client_id`: an answer
/// to a check is good for the login it was asked for and for no other. 43 letters of base64url.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginBinding(String);

impl LoginBinding {
    /// The name of this login.
    pub fn of(request: &LoginRequest) -> Self {
        let mut hash = Sha256::new();
        for part in [&request.state, &request.redirect_uri, &request.client_id] {
            // With its length: where one part ends and the next begins is no matter of taste.
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part);
        }
        Self(Base64UrlUnpadded::encode_string(&hash.finalize()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binding(state: &str, redirect_uri: &str, client_id: &str) -> String {
        let request = LoginRequest {
            state: state.to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            client_id: client_id.to_owned(),
        };
        LoginBinding::of(&request).as_str().to_owned()
    }

    #[test]
    fn every_part_of_a_login_is_bound_and_none_can_lend_letters_to_the_next() {
        let all = [
            binding("s", "r", "c"),
            binding("s2", "r", "c"),
            binding("s", "r2", "c"),
            binding("s", "r", "c2"),
            binding("sr", "", "c"),
            binding("", "sr", "c"),
            binding("s", "", "rc"),
        ];
        let different: std::collections::HashSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len());
        assert!(all.iter().all(|text| text.len() == 43));
        assert_eq!(binding("s", "r", "c"), all[0]);
    }
}
