//! What an observation means. No I/O: the module above observes.

use std::time::Duration;

use super::report::{Check, Finding, Level};
use crate::config::HumanCheckConfig;
use crate::config::HumanCheckKind;
use crate::decision::LIFETIME_S;
use crate::http::TrustedProxies;
use crate::shared_store::StoreFailure;

/// The commands of a login, as `SharedStore::check` sends them.
const REDIS_COMMANDS: u32 = 3;

/// A reading of the Authress domain's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ServerClock {
    /// The header `Date` of the response, as the time since 1970. It has whole seconds.
    pub(super) date: Duration,
    /// This machine's clock before the request.
    pub(super) before: Duration,
    /// This machine's clock after the response.
    pub(super) after: Duration,
}

impl ServerClock {
    /// Returns how many seconds this machine is ahead, at least. Between `before` and `after`, and within the second of
    /// `date`, both clocks may agree.
    fn seconds_ahead(self) -> i64 {
        let seconds = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        let (first, last) = (seconds(self.before), seconds(self.after));
        let date = seconds(self.date);
        if date < first { first - date } else { (last - date).min(0) }
    }
}

/// Half the lifetime of a user id: a browser on a slow network may need the other half to bring it to Authress.
const TOLERANCE_S: i64 = LIFETIME_S as i64 / 2;

/// A correct clock differs by less, also with a proxy that adds its own `Date`.
const USUAL_S: i64 = 5;

pub(super) fn clock(domain: &str, reading: Result<ServerClock, &'static str>) -> Finding {
    let reading = match reading {
        Ok(reading) => reading,
        Err(reason) => {
            let message =
                format!("{domain} was not asked for its time: {reason}. Check the clock of this machine yourself");
            return Finding::new(Check::Clock, Level::Skipped, message);
        }
    };
    let ahead = reading.seconds_ahead();
    let seconds = ahead.unsigned_abs();
    let side = if ahead < 0 { "behind" } else { "ahead of" };
    let differs = format!("this machine is {seconds} s {side} {domain}");
    if ahead.abs() >= TOLERANCE_S {
        let advice = "Authress rejects user ids that are not valid yet or any more. Synchronise the clock (NTP)";
        Finding::new(Check::Clock, Level::Failed, format!("{differs}. {advice}"))
    } else if ahead.abs() >= USUAL_S {
        Finding::new(Check::Clock, Level::Warning, format!("{differs}. Synchronise the clock (NTP)"))
    } else {
        Finding::new(Check::Clock, Level::Ok, format!("the same as at {domain}"))
    }
}

/// The result of the commands of a login on Redis, with the time that all of them took.
pub(super) fn redis(prefix: &str, result: Result<Duration, StoreFailure>, timeout: Duration) -> Finding {
    let time = match result {
        Ok(time) => time / REDIS_COMMANDS,
        Err(failure) => {
            let message = format!("RedisUnusable: {}: {failure}", failure.code());
            return Finding::new(Check::Redis, Level::Failed, message);
        }
    };
    let usable = format!(
        "Redis is available; keys begin with {{{prefix}}}; a command took {:.1} ms of {} ms",
        time.as_secs_f64() * 1000.0,
        timeout.as_millis()
    );
    if time > timeout / 2 {
        let advice = "A slower one counts as a failure. Use a nearer Redis, or raise REDIS_TIMEOUT_MS";
        Finding::new(Check::Redis, Level::Warning, format!("{usable}. {advice}"))
    } else {
        Finding::new(Check::Redis, Level::Ok, usable)
    }
}

pub(super) fn no_redis() -> Finding {
    Finding::new(Check::Redis, Level::Skipped, "none is configured, which is right for one instance only")
}

pub(super) fn proxies(proxies: TrustedProxies) -> Finding {
    match proxies.hops {
        0 => Finding::new(
            Check::Proxies,
            Level::Warning,
            "CLIENT_ADDRESS_TRUSTED_HOPS is 0, so forwarding headers are ignored. Behind a proxy all shoppers then count \
             as one client: set it to the number of your proxies",
        ),
        hops => Finding::new(
            Check::Proxies,
            Level::Ok,
            format!("{hops} of your own append to the header; no other client may reach the port of LISTEN"),
        ),
    }
}

/// Compares the public host name with the Authress domain, if a setting names it.
pub(super) fn public_address(human_check: Option<&HumanCheckConfig>, login_urls: &[String]) -> Finding {
    let hostname = human_check.and_then(|human_check| match &human_check.kind {
        HumanCheckKind::SiteVerify { hostname, .. } => Some(hostname),
        HumanCheckKind::ProofOfWork { .. } => None,
    });
    let Some(hostname) = hostname else {
        return Finding::new(
            Check::PublicAddress,
            Level::Skipped,
            "no setting names it. Compare the service client's Authorization Url with the public https address of \
             /v1/login",
        );
    };
    let is_authress = |url: &String| {
        let host = url.split_once("://").map(|(_, rest)| rest.split(['/', ':']).next().unwrap_or_default());
        host.is_some_and(|host| host.eq_ignore_ascii_case(hostname))
    };
    if login_urls.iter().any(is_authress) {
        let message = "HUMAN_CHECK_HOSTNAME is the Authress domain. It must be the public host of this verifier";
        return Finding::new(Check::PublicAddress, Level::Failed, message);
    }
    let message = format!("{hostname}, by HUMAN_CHECK_HOSTNAME; the service client's Authorization Url must be there");
    Finding::new(Check::PublicAddress, Level::Ok, message)
}

#[cfg(test)]
mod tests {
    use authress_secret::Secret;

    use super::*;
    use crate::human_check::Provider;

    const AT: Duration = Duration::from_millis(1_700_000_000_250);

    /// The finding for a machine that is ahead, with a round trip of 100 ms.
    fn ahead(seconds: i64) -> (Level, String) {
        let date = Duration::from_secs(AT.as_secs().checked_add_signed(-seconds).unwrap());
        let reading = ServerClock { date, before: AT, after: AT + Duration::from_millis(100) };
        let finding = clock("https://login.example.com", Ok(reading));
        (finding.level, finding.message)
    }

    #[test]
    fn a_clock_fails_at_half_the_lifetime_of_a_user_id_on_either_side() {
        for (seconds, level, words) in [
            (0, Level::Ok, "the same"),
            (4, Level::Ok, "the same"),
            (-4, Level::Ok, "the same"),
            (5, Level::Warning, "5 s ahead of https://login.example.com"),
            (-29, Level::Warning, "29 s behind https://login.example.com"),
            (30, Level::Failed, "30 s ahead"),
            (-86_400, Level::Failed, "86400 s behind"),
        ] {
            let (found, message) = ahead(seconds);
            assert!(found == level && message.contains(words), "{seconds}: {found:?} {message}");
            assert!(level == Level::Ok || message.contains("Synchronise"), "{message}");
        }
    }

    #[test]
    fn a_slow_response_does_not_count_as_a_wrong_clock() {
        let date = Duration::from_secs(AT.as_secs() + 40);
        let reading = ServerClock { date, before: AT, after: AT + Duration::from_secs(41) };
        assert_eq!(clock("https://login.example.com", Ok(reading)).level, Level::Ok);
        assert_eq!(clock("https://login.example.com", Err("no response")).level, Level::Skipped);
    }

    #[test]
    fn a_redis_that_needs_more_than_half_of_the_time_limit_gives_a_warning() {
        let limit = Duration::from_millis(100);
        let finding = |time_ms| redis("prefix", Ok(Duration::from_millis(time_ms)), limit);
        assert_eq!(finding(150).level, Level::Ok);
        assert!(finding(3).message.contains("keys begin with {prefix}; a command took 1.0 ms of 100 ms"));
        assert_eq!(finding(151).level, Level::Warning);
        let failed = redis("prefix", Err(StoreFailure::NoResponse), limit);
        assert!(failed.level == Level::Failed && failed.message.starts_with("RedisUnusable: NoResponse: "));
        assert_eq!(no_redis().level, Level::Skipped);
    }

    #[test]
    fn no_trusted_proxy_gives_a_warning() {
        let finding = |hops| proxies(TrustedProxies { hops, ..TrustedProxies::default() });
        assert_eq!(finding(0).level, Level::Warning);
        assert!(finding(2).level == Level::Ok && finding(2).message.starts_with("2 of your own"));
    }

    #[test]
    fn the_public_host_is_that_of_the_verifier_and_not_of_authress() {
        let of = |hostname: &str| {
            let kind = HumanCheckKind::SiteVerify {
                provider: Provider::Turnstile,
                site_key: String::new(),
                secret: Secret::new("secret"),
                hostname: hostname.to_owned(),
                verify_url: None,
                timeout: Duration::from_secs(3),
                pass_when_down: false,
            };
            let login_urls =
                ["https://login.example.com/login".to_owned(), "https://other.example:8443/login".to_owned()];
            public_address(Some(&HumanCheckConfig { kind, free_logins: None }), &login_urls).level
        };
        assert_eq!(of("verifier.example.com"), Level::Ok);
        assert_eq!(of("Login.example.com"), Level::Failed);
        assert_eq!(of("other.example"), Level::Failed);
        assert_eq!(public_address(None, &[]).level, Level::Skipped);
    }
}
