//! Use of anti-abuse hashes: fresh by the sandbox's clock and used once.

use authress_login_protocol::authorization::proof_of_work::{InvalidHash, verify};

use crate::bounded::Bounded;
use crate::refusal::Refusal;

/// How far a hash's time may be from the sandbox's, either way, in milliseconds.
pub(crate) const FRESHNESS_MS: u64 = 5 * 60 * 1000;

const MAX_REMEMBERED: usize = 50_000;

/// The hashes that were used, each with the PKCE challenge or code that it came with.
///
/// The hash alone has no random part: two tabs that start in the same millisecond make the same
/// one. Its pair with the challenge or the code is what must be new.
#[derive(Debug)]
pub(crate) struct UsedHashes(Bounded<(String, String), ()>);

impl Default for UsedHashes {
    fn default() -> Self {
        Self(Bounded::new(MAX_REMEMBERED))
    }
}

impl UsedHashes {
    /// Accepts a hash once for `bound_to`.
    pub(crate) fn accept(&mut self, hash: &str, values: &str, bound_to: &str, now_ms: u64) -> Result<(), Refusal> {
        let refused = |code, title| Err(Refusal::new(400, code, title));
        let proof = match verify(hash, values) {
            Ok(proof) => proof,
            Err(InvalidHash::Malformed) => {
                return refused("InvalidAntiAbuseHash", "antiAbuseHash must have the form v2;{time};{number};{hash}.");
            }
            Err(InvalidHash::NoWork) => {
                return refused("InvalidAntiAbuseHash", "antiAbuseHash must start with 00; search longer.");
            }
            Err(InvalidHash::OtherValues) => {
                return refused("InvalidAntiAbuseHash", "antiAbuseHash was made for other values than this request's.");
            }
        };
        if proof.issued_at_ms.abs_diff(now_ms) > FRESHNESS_MS {
            return refused(
                "AntiAbuseHashExpired",
                "antiAbuseHash is older or newer than five minutes; check the clock.",
            );
        }
        let pair = (hash.to_owned(), bound_to.to_owned());
        if self.0.contains(&pair) {
            return refused("AntiAbuseHashReused", "This antiAbuseHash was used before; make a new one per request.");
        }
        self.0.insert(pair, ());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use authress_login_protocol::authorization::proof_of_work::search;

    const NOW_MS: u64 = 1_700_000_000_000;

    fn accept(used: &mut UsedHashes, hash: &str, bound_to: &str, now_ms: u64) -> Result<(), &'static str> {
        used.accept(hash, "app_demo", bound_to, now_ms).map_err(|refusal| refusal.code)
    }

    #[test]
    fn a_hash_is_used_once_per_challenge() {
        let (mut used, hash) = (UsedHashes::default(), search("app_demo", NOW_MS, 1));
        assert_eq!(accept(&mut used, &hash, "challenge", NOW_MS), Ok(()));
        assert_eq!(accept(&mut used, &hash, "challenge", NOW_MS), Err("AntiAbuseHashReused"));
        assert_eq!(accept(&mut used, &hash, "other tab's challenge", NOW_MS), Ok(()));
    }

    #[test]
    fn a_hash_is_fresh_for_five_minutes_either_way() {
        let hash = search("app_demo", NOW_MS, 1);
        for (now_ms, expected) in [
            (NOW_MS + FRESHNESS_MS, Ok(())),
            (NOW_MS + FRESHNESS_MS + 1, Err("AntiAbuseHashExpired")),
            (NOW_MS - FRESHNESS_MS - 1, Err("AntiAbuseHashExpired")),
        ] {
            assert_eq!(accept(&mut UsedHashes::default(), &hash, "c", now_ms), expected);
        }
    }

    #[test]
    fn a_hash_of_other_values_or_without_work_is_refused() {
        let other = search("app_other", NOW_MS, 1);
        for hash in [other.as_str(), "v2;1700000000000;1;abc", "", "v1;1;1;00"] {
            assert_eq!(accept(&mut UsedHashes::default(), hash, "c", NOW_MS), Err("InvalidAntiAbuseHash"));
        }
    }
}
