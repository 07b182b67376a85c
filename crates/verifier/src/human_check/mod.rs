//! Human checks: a proof of work, Cloudflare Turnstile or hCaptcha before a login is answered. Off by default.
//!
//! The response to the login request is a page with the check. The page sends the solution by `POST` to the same URL,
//! and the response to that contains the URL of the login.

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
pub(crate) use gate::{MAX_SOLUTION_BYTES, location_response};
pub use proof_of_work::{CHALLENGE_LIFETIME, ProofOfWork};
pub use siteverify::{Provider, SiteVerify};

use crate::decision::LoginRequest;

/// A check that is hard or expensive for programs.
pub trait HumanCheck: fmt::Debug + Send + Sync + 'static {
    /// Returns the widget for this login. `now` is the time since 1970.
    ///
    /// # Errors
    /// [`CheckUnavailable`] when the system has no random bytes.
    fn widget(&self, login: &LoginBinding, now: Duration) -> Result<Widget, CheckUnavailable>;

    /// Verifies the solution that the widget of this login sent. Each solution passes once.
    fn verify<'a>(
        &'a self,
        solution: &'a str,
        login: &'a LoginBinding,
        client_ip: IpAddr,
    ) -> Pin<Box<dyn Future<Output = CheckOutcome> + Send + 'a>>;
}

/// The result of [`HumanCheck::verify`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckOutcome {
    /// The solution is valid, and is now used up.
    Passed,
    /// The solution is wrong, expired, used before, or for another login.
    Failed,
    /// The check is unavailable, so the login is refused.
    Unavailable,
}

/// No widget can be created at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckUnavailable;

/// The data of the page for one check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Widget {
    /// The part of the page's script that runs the check: `proof-of-work`, `turnstile` or `hcaptcha`.
    pub kind: &'static str,
    /// The settings of that part, as JSON.
    pub settings: String,
    /// The Content-Security-Policy sources of the widget's script, frames, styles and requests. Empty if everything is
    /// in the page.
    pub sources: &'static str,
}

/// A hash of `state`, `redirect_uri` and `client_id`, if there is one, that binds a solution to one login. 43 characters of base64url.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginBinding(String);

impl LoginBinding {
    /// Computes the hash of a login request.
    pub fn of(request: &LoginRequest) -> Self {
        let mut hash = Sha256::new();
        for part in [&request.state, &request.redirect_uri, request.client_id.as_deref().unwrap_or_default()] {
            // The length prevents that one part can end where the next begins.
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part);
        }
        Self(Base64UrlUnpadded::encode_string(&hash.finalize()))
    }

    /// Returns the hash as text.
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
            client_id: Some(client_id.to_owned()),
        };
        LoginBinding::of(&request).as_str().to_owned()
    }

    #[test]
    fn every_part_of_a_login_is_bound_and_characters_cannot_move_between_parts() {
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
