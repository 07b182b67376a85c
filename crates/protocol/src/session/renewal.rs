//! Renewing a session: `PATCH /api/session`, and when.

use crate::{
    clock::milliseconds,
    error::{Error, ErrorCode},
    http::{self, Method, Outcome, Request},
    secret::Secret,
    session::{
        record::{expires_at_ms, lifetime_s},
        tokens::Tokens,
    },
    settings::Settings,
};

/// How long before its end a session is renewed at the most, in milliseconds: five minutes.
const LONGEST_LEAD_MS: i64 = 5 * 60 * 1000;
/// Of short sessions, the last fifth.
const LEAD_SHARE: i64 = 5;
/// The pause after a failed renewal, in milliseconds; it doubles each time up to five minutes.
const FIRST_PAUSE_MS: u32 = 5_000;
const LONGEST_PAUSE_MS: u32 = 5 * 60 * 1000;

/// When to renew a stored session, by the device's clock in milliseconds since 1970; `None` if its
/// record does not say when it ends.
pub fn due_at_ms(record: &str) -> Option<i64> {
    Some(due(expires_at_ms(record)?, lifetime_s(record)))
}

fn due(expires_at_ms: i64, lifetime_s: Option<i64>) -> i64 {
    let lead = lifetime_s.map_or(LONGEST_LEAD_MS, |seconds| milliseconds(seconds) / LEAD_SHARE);
    expires_at_ms.saturating_sub(lead.clamp(0, LONGEST_LEAD_MS))
}

/// How long to wait after this many failed renewals in a row, in milliseconds.
pub fn pause_ms(failures: u32) -> u32 {
    FIRST_PAUSE_MS.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LONGEST_PAUSE_MS)
}

/// The request that extends the session which Authress remembers for this browser.
pub fn request(with_credentials: bool) -> Request {
    Request {
        method: Method::Patch,
        path: "/api/session".to_owned(),
        body: Some(Secret::new("{}")),
        bearer: None,
        with_credentials,
    }
}

/// What the attempt to extend a session came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Renewal {
    /// Tokens came in the answer.
    Tokens(Tokens),
    /// The session goes on; what there is to know is in the cookies.
    Cookies,
    /// Authress knows of no session.
    SignedOut,
    /// Nobody knows: the session stays as it is.
    Unknown(Error),
}

/// Reads the answer to [`request`].
pub fn accept(settings: &Settings, outcome: Outcome) -> Renewal {
    match http::success(outcome).and_then(|body| Tokens::from_answer(settings, &body)) {
        Ok(Some(tokens)) => Renewal::Tokens(tokens),
        Ok(None) => Renewal::Cookies,
        Err(error) => match (error.code, error.status) {
            // A time-out or too many requests say nothing about the session.
            (ErrorCode::RequestRefused, Some(408 | 425 | 429)) => Renewal::Unknown(error),
            (ErrorCode::RequestRefused, _) => Renewal::SignedOut,
            _ => Renewal::Unknown(error),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{base64url, http::Response};

    #[test]
    fn only_a_definite_refusal_ends_a_session() {
        let settings = Settings::new("https://login.shop.test", Some("app_shop")).unwrap();
        let renewal = |status, body: &str| accept(&settings, Ok(Response { status, body: Secret::new(body) }));
        let claims = base64url::encode(br#"{"iss":"https://login.shop.test","sub":"user_a"}"#);
        assert_eq!(renewal(200, "{}"), Renewal::Cookies);
        assert_eq!(renewal(204, ""), Renewal::Cookies);
        assert_eq!(renewal(404, ""), Renewal::SignedOut);
        for status in [408, 429, 500, 503] {
            assert!(matches!(renewal(status, ""), Renewal::Unknown(_)), "{status}");
        }
        assert!(matches!(renewal(200, r#"{"id_token":"x"}"#), Renewal::Unknown(_)));
        assert!(matches!(renewal(200, &format!(r#"{{"id_token":"e30.{claims}."}}"#)), Renewal::Tokens(_)));
    }

    #[test]
    fn a_day_is_renewed_five_minutes_early_and_a_minute_in_its_last_fifth() {
        assert_eq!(due(86_400_000, Some(86_400)), 86_100_000);
        assert_eq!(due(60_000, Some(60)), 48_000);
        assert_eq!(due(600_000, None), 300_000);
        assert_eq!(due(60_000, Some(-5)), 60_000);
    }

    #[test]
    fn pauses_double_up_to_five_minutes() {
        let pauses: Vec<_> = [1, 2, 3, 7, 50, u32::MAX].map(pause_ms).into();
        assert_eq!(pauses, [5_000, 10_000, 20_000, 300_000, 300_000, 300_000]);
    }
}
