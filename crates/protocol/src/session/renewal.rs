//! Renewing a session: the request `PATCH /api/session`, when to send it, and its outcome.

use crate::{
    clock::milliseconds,
    error::{Error, ErrorCode},
    http::{self, Method, Outcome, Request},
    jwt::margin_s,
    secret::Secret,
    session::{
        record::{expires_at_ms, lifetime_s},
        tokens::Tokens,
    },
    settings::Settings,
};

/// The longest time before its end at which a session is renewed, in milliseconds: five minutes.
const MAX_LEAD_MS: i64 = 5 * 60 * 1000;
/// Short sessions are renewed in the last fifth of their lifetime.
const LEAD_SHARE: i64 = 5;
/// The shortest time from one renewal to the next, in milliseconds. A session with a shorter lifetime, such as the five
/// seconds that Authress issues for none at all, has ended by then; a call that needs a token renews it before.
const FLOOR_MS: i64 = 30 * 1000;
/// The delay after the first failed renewal, in milliseconds. It doubles each time up to five minutes.
const FIRST_DELAY_MS: u32 = 5_000;
const MAX_DELAY_MS: u32 = 5 * 60 * 1000;

/// Returns when to renew a stored session, in milliseconds since 1970 by the device's clock. `None` if its record has
/// no end.
pub fn due_at_ms(record: &str) -> Option<i64> {
    Some(due(expires_at_ms(record)?, lifetime_s(record)))
}

fn due(expires_at_ms: i64, lifetime_s: Option<i64>) -> i64 {
    let lead_ms = lifetime_s.map(|seconds| seconds.max(0)).map_or(MAX_LEAD_MS, |seconds| {
        let usable_ms = milliseconds(seconds.saturating_sub(margin_s(seconds)));
        (milliseconds(seconds) / LEAD_SHARE).min(usable_ms - FLOOR_MS)
    });
    expires_at_ms.saturating_sub(lead_ms.min(MAX_LEAD_MS))
}

/// Returns the delay after this many failed renewals in a row, in milliseconds.
pub fn retry_delay_ms(failures: u32) -> u32 {
    FIRST_DELAY_MS.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(MAX_DELAY_MS)
}

/// Returns the request that renews the session of this browser's session cookie.
pub fn request(with_credentials: bool) -> Request {
    Request {
        method: Method::Patch,
        path: "/api/session".to_owned(),
        body: Some(Secret::new("{}")),
        bearer: None,
        with_credentials,
    }
}

/// The result of a renewal.
#[derive(Debug, PartialEq, Eq)]
pub enum RenewalResult {
    /// The response has tokens.
    Tokens(Tokens),
    /// The session is renewed, and Authress has set its cookies.
    Cookies,
    /// Authress has no session for this browser.
    NoSession,
    /// The request failed for another reason. The stored session stays.
    Unknown(Error),
}

/// Reads the outcome of [`request`].
pub fn read_outcome(settings: &Settings, outcome: Outcome) -> RenewalResult {
    match http::success(outcome).and_then(|body| Tokens::from_response(settings, &body)) {
        Ok(Some(tokens)) => RenewalResult::Tokens(tokens),
        Ok(None) => RenewalResult::Cookies,
        Err(error) => match (error.code, error.status) {
            // Request Timeout, Too Early and Too Many Requests say nothing about the session.
            (ErrorCode::RequestRefused, Some(408 | 425 | 429)) => RenewalResult::Unknown(error),
            (ErrorCode::RequestRefused, _) => RenewalResult::NoSession,
            _ => RenewalResult::Unknown(error),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{base64url, http::Response};

    #[test]
    fn only_a_definite_refusal_means_that_there_is_no_session() {
        let settings = Settings::new("https://login.shop.test", Some("app_shop")).unwrap();
        let renewal = |status, body: &str| read_outcome(&settings, Ok(Response { status, body: Secret::new(body) }));
        let claims = base64url::encode(br#"{"iss":"https://login.shop.test","sub":"user_a"}"#);
        assert_eq!(renewal(200, "{}"), RenewalResult::Cookies);
        assert_eq!(renewal(204, ""), RenewalResult::Cookies);
        for status in [400, 401, 403, 404, 409, 410] {
            assert_eq!(renewal(status, ""), RenewalResult::NoSession, "{status}");
        }
        for status in [408, 429, 500, 503] {
            assert!(matches!(renewal(status, ""), RenewalResult::Unknown(_)), "{status}");
        }
        assert!(matches!(renewal(200, r#"{"id_token":"x"}"#), RenewalResult::Unknown(_)));
        assert!(matches!(renewal(200, &format!(r#"{{"id_token":"e30.{claims}."}}"#)), RenewalResult::Tokens(_)));
    }

    #[test]
    fn a_session_of_a_day_is_renewed_five_minutes_early_and_one_of_a_minute_in_its_last_fifth() {
        assert_eq!(due(86_400_000, Some(86_400)), 86_100_000);
        assert_eq!(due(60_000, Some(60)), 48_000);
        assert_eq!(due(600_000, None), 300_000);
    }

    #[test]
    fn renewals_are_half_a_minute_apart_whatever_the_lifetime() {
        for (lifetime_s, usable_ms) in [(1, 1_000), (5, 4_000), (30, 24_000), (40, 32_000), (60, 50_000)] {
            let due_after_ms = due(usable_ms, Some(lifetime_s));
            assert!((30_000..60_000).contains(&due_after_ms), "{lifetime_s}: {due_after_ms}");
        }
        for lifetime_s in [0, -5, i64::MIN] {
            assert_eq!(due(60_000, Some(lifetime_s)), 90_000, "{lifetime_s}");
        }
    }

    #[test]
    fn delays_double_up_to_five_minutes() {
        let delays: Vec<_> = [1, 2, 3, 7, 50, u32::MAX].map(retry_delay_ms).into();
        assert_eq!(delays, [5_000, 10_000, 20_000, 300_000, 300_000, 300_000]);
    }
}
