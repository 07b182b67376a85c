//! Anti-abuse hashes: a proof of work that is fresh by the sandbox's clock, made for this request and used once.
//!
//! A hash is `v2;{milliseconds since 1970};{number};{digest}`. The digest is the base64url SHA-256 of
//! `{milliseconds};{number};{values}` and starts with `00`. The values are those of the request, in the order of
//! `authress_login_protocol::authorization::proof_of_work::values`.
//!
//! It is verified here and not by the protocol crate, so that an error of that crate in format or digest fails a test:
//! the browser's client uses the crate to compute hashes.

use base64ct::{Base64UrlUnpadded, Encoding};
use sha2::{Digest, Sha256};

use crate::bounded_map::BoundedMap;
use crate::error::ApiError;

/// How far a hash's time may be from the sandbox's, either way, in milliseconds.
const FRESHNESS_MS: u64 = 5 * 60 * 1000;

const MAX_REMEMBERED: usize = 50_000;

/// The hashes that were used, each with the PKCE challenge or code that it came with.
///
/// The hash alone has no random part: two tabs that start in the same millisecond produce the same
/// one. Only its pair with the challenge or the code must be new.
#[derive(Debug)]
pub(crate) struct UsedHashes(BoundedMap<(String, String), ()>);

impl Default for UsedHashes {
    fn default() -> Self {
        Self(BoundedMap::new(MAX_REMEMBERED))
    }
}

impl UsedHashes {
    /// Accepts a hash once for `bound_to`, the PKCE challenge or code of its request.
    pub(crate) fn accept(&mut self, hash: &str, values: &str, bound_to: &str, now_ms: u64) -> Result<(), ApiError> {
        let error = |code, title| Err(ApiError::new(400, code, title));
        let issued_at_ms = match verify(hash, values) {
            Ok(issued_at_ms) => issued_at_ms,
            Err(title) => return error("InvalidAntiAbuseHash", title),
        };
        if issued_at_ms.abs_diff(now_ms) > FRESHNESS_MS {
            return error(
                "AntiAbuseHashExpired",
                "antiAbuseHash is older or newer than five minutes; check the clock.",
            );
        }
        let pair = (hash.to_owned(), bound_to.to_owned());
        if self.0.contains(&pair) {
            return error("AntiAbuseHashReused", "This antiAbuseHash was used before; make a new one per request.");
        }
        self.0.insert(pair, ());
        Ok(())
    }
}

/// Recomputes a hash for the values of its request. Returns the time at which the search began, in milliseconds since
/// 1970, or why the hash is not valid.
fn verify(hash: &str, values: &str) -> Result<u64, &'static str> {
    const MALFORMED: &str = "antiAbuseHash must have the form v2;{time};{number};{hash}.";
    let parts: Vec<&str> = hash.split(';').collect();
    let ["v2", time, number, digest] = parts.as_slice() else {
        return Err(MALFORMED);
    };
    // One spelling of each number: otherwise a used hash could be sent again with a leading zero.
    let decimal = |text: &str| text.parse::<u64>().ok().filter(|value| value.to_string() == text).ok_or(MALFORMED);
    let (issued_at_ms, _) = (decimal(time)?, decimal(number)?);
    if !digest.starts_with("00") {
        return Err("antiAbuseHash must start with 00; search longer.");
    }
    let expected = Sha256::digest(format!("{time};{number};{values}"));
    if Base64UrlUnpadded::encode_string(&expected) != *digest {
        return Err("antiAbuseHash was made for other values than this request's.");
    }
    Ok(issued_at_ms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use authress_login_protocol::authorization::proof_of_work::search;
    use proptest::prelude::*;

    const NOW_MS: u64 = 1_700_000_000_000;

    fn accept(used: &mut UsedHashes, hash: &str, bound_to: &str, now_ms: u64) -> Result<(), &'static str> {
        used.accept(hash, "app_demo", bound_to, now_ms).map_err(|error| error.code)
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
    fn a_hash_of_other_values_or_without_work_or_of_another_form_is_rejected() {
        let other = search("app_other", NOW_MS, 1);
        let with_zero = search("app_demo", NOW_MS, 1).replace("v2;", "v2;0");
        for hash in [other.as_str(), "v2;1700000000000;1;abc", "", "v1;1;1;00", "v2;+1;1;00", &with_zero] {
            assert_eq!(accept(&mut UsedHashes::default(), hash, "c", NOW_MS), Err("InvalidAntiAbuseHash"), "{hash}");
        }
    }

    proptest! {
        #[test]
        fn no_hash_panics(hash in ".{0,80}|v2;[0-9]{0,25};[0-9]{0,25};00.{0,50}", values in ".{0,20}") {
            prop_assert!(verify(&hash, &values).is_err());
        }
    }
}
