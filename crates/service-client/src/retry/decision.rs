//! The decision about a failed try, as a function of what happened.

use std::time::Duration;

use crate::error::Outage;

/// How often and how fast requests are repeated.
///
/// The delay before the nth repetition is a random one between zero and `first_delay` · 2ⁿ⁻¹, at most `longest_delay`
/// (exponential backoff with full jitter), so that many servers do not repeat their requests at the same time. If Authress
/// names a time (`Retry-After`), the delay is added to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How often a request is sent at most. Default: 4. With 1, or 0, no request is repeated.
    pub tries: u32,
    /// The longest delay before the first repetition. Default: 100 ms.
    pub first_delay: Duration,
    /// The longest delay before any repetition. Default: 2 s.
    pub longest_delay: Duration,
    /// How long one try may take if the request can be repeated after it. Default: 5 s. Other requests have the whole time
    /// of the call.
    pub try_timeout: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            tries: 4,
            first_delay: Duration::from_millis(100),
            longest_delay: Duration::from_secs(2),
            try_timeout: Duration::from_secs(5),
        }
    }
}

impl RetryPolicy {
    /// The delay after the failed try with this number, 1 for the first. `random` is uniform over all values.
    fn delay(&self, failed_try: u32, random: u64) -> Duration {
        let doublings = failed_try.saturating_sub(1).min(31);
        let longest = self.first_delay.saturating_mul(1 << doublings).min(self.longest_delay);
        let longest_us = u64::try_from(longest.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(random % longest_us.saturating_add(1).max(1))
    }
}

/// When a request may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// After any failure: a second request has the effect of one.
    Always,
    /// Only if the first request was certainly not processed.
    IfNotProcessed,
}

/// A try that failed in a way that may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// There is no complete response, or one with a status of 500 or more.
    Outage {
        outage: Outage,
        /// The delay that the response asks for.
        retry_after: Option<Duration>,
    },
    /// Authress limits the rate of requests.
    RateLimited {
        /// The delay that the response asks for.
        retry_after: Option<Duration>,
    },
}

impl Failure {
    /// Whether Authress may have done what was requested. With 429 and 503 a server says that it has not.
    pub(crate) fn may_have_been_processed(self) -> bool {
        match self {
            Self::RateLimited { .. } | Self::Outage { outage: Outage::NotConnected | Outage::Status(503), .. } => false,
            Self::Outage { outage: Outage::ConnectionLost | Outage::TimedOut | Outage::Status(_), .. } => true,
        }
    }

    fn retry_after(self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after } | Self::Outage { retry_after, .. } => retry_after,
        }
    }
}

/// Decides about the failed try with this number, 1 for the first. Returns the delay before the next one, or `None` if
/// there is none: because the request must not be repeated, because it was the last try, or because the next one would
/// come after the `remaining` time of the call. Then the caller learns the failure at once, and not after a useless delay.
pub(crate) fn delay_before_next(
    policy: &RetryPolicy,
    repeat: Repeat,
    failed_try: u32,
    failure: Failure,
    remaining: Duration,
    random: u64,
) -> Option<Duration> {
    let may_repeat = match repeat {
        Repeat::Always => true,
        Repeat::IfNotProcessed => !failure.may_have_been_processed(),
    };
    if !may_repeat || failed_try >= policy.tries {
        return None;
    }
    let delay = failure.retry_after().unwrap_or_default().saturating_add(policy.delay(failed_try, random));
    (delay < remaining).then_some(delay)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const ENOUGH: Duration = Duration::from_secs(3600);

    fn outage(outage: Outage) -> Failure {
        Failure::Outage { outage, retry_after: None }
    }

    fn is_repeated(repeat: Repeat, failure: Failure) -> bool {
        delay_before_next(&RetryPolicy::default(), repeat, 1, failure, ENOUGH, 0).is_some()
    }

    #[test]
    fn a_request_with_an_effect_is_repeated_only_if_it_was_not_processed() {
        for (failure, certainly_not_processed) in [
            (outage(Outage::NotConnected), true),
            (Failure::RateLimited { retry_after: None }, true),
            (outage(Outage::Status(503)), true),
            (outage(Outage::Status(500)), false),
            (outage(Outage::Status(502)), false),
            (outage(Outage::Status(504)), false),
            (outage(Outage::ConnectionLost), false),
            (outage(Outage::TimedOut), false),
        ] {
            assert_eq!(is_repeated(Repeat::IfNotProcessed, failure), certainly_not_processed, "{failure:?}");
            assert!(is_repeated(Repeat::Always, failure), "{failure:?}");
        }
    }

    #[test]
    fn the_number_of_tries_is_limited() {
        let repeated = |tries, failed_try| {
            let policy = RetryPolicy { tries, ..RetryPolicy::default() };
            let failure = outage(Outage::NotConnected);
            delay_before_next(&policy, Repeat::Always, failed_try, failure, ENOUGH, 0).is_some()
        };
        assert!(repeated(4, 3) && !repeated(4, 4));
        assert!(!repeated(1, 1) && !repeated(0, 1));
    }

    #[test]
    fn the_delay_of_retry_after_is_the_shortest() {
        let failure = Failure::RateLimited { retry_after: Some(SECOND) };
        let delay = |random| delay_before_next(&RetryPolicy::default(), Repeat::Always, 1, failure, ENOUGH, random);
        assert_eq!(delay(0), Some(SECOND));
        assert_eq!(delay(100_000), Some(SECOND + Duration::from_millis(100)));
    }

    #[test]
    fn there_is_no_repetition_after_the_deadline() {
        let failure = Failure::RateLimited { retry_after: Some(SECOND) };
        let next = |remaining| delay_before_next(&RetryPolicy::default(), Repeat::Always, 1, failure, remaining, 0);
        assert_eq!(next(SECOND), None);
        assert_eq!(next(SECOND + Duration::from_millis(1)), Some(SECOND));
        let endless = Failure::RateLimited { retry_after: Some(Duration::MAX) };
        assert_eq!(delay_before_next(&RetryPolicy::default(), Repeat::Always, 1, endless, ENOUGH, u64::MAX), None);
    }

    proptest! {
        #[test]
        fn a_delay_is_within_its_bounds(failed_try in 0_u32..100, random: u64) {
            let policy = RetryPolicy::default();
            let delay = policy.delay(failed_try, random);
            let doubled = policy.first_delay * 2_u32.saturating_pow(failed_try.saturating_sub(1)).min(1000);
            prop_assert!(delay <= doubled.min(policy.longest_delay));
        }

        #[test]
        fn no_policy_overflows(first_us: u64, longest_us: u64, failed_try: u32, random: u64) {
            let policy = RetryPolicy {
                first_delay: Duration::from_micros(first_us),
                longest_delay: Duration::from_micros(longest_us),
                ..RetryPolicy::default()
            };
            prop_assert!(policy.delay(failed_try, random) <= policy.longest_delay);
        }
    }
}
