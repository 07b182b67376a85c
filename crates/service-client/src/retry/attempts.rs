//! The tries of one call, until one succeeds or the decision ends them.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

use super::decision::{Failure, Repeat, RetryPolicy, delay_before_next};

/// When a call has to end, whatever happens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    pub(crate) fn after(duration: Duration) -> Self {
        let now = Instant::now();
        // A century is as good as a time that the clock cannot represent.
        const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
        Self(now.checked_add(duration).unwrap_or(now + CENTURY))
    }

    pub(crate) fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }
}

/// The tries of one call, for what the call wants to know about them at the end.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    made: u32,
    may_have_been_processed: bool,
}

impl Attempts {
    /// Whether a try that failed may have been processed by Authress.
    pub(crate) fn may_have_been_processed(&self) -> bool {
        self.may_have_been_processed
    }

    /// Tries until a try succeeds, or fails in a way that is not repeated. `random` is uniform over all values.
    pub(crate) async fn run<T, F, E>(
        &mut self,
        operation: &'static str,
        policy: &RetryPolicy,
        repeat: Repeat,
        deadline: Deadline,
        random: &(dyn Fn() -> u64 + Send + Sync),
        mut attempt: impl FnMut() -> F,
    ) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>>,
        E: Clone + Into<Failure>,
    {
        loop {
            self.made = self.made.saturating_add(1);
            let error = match attempt().await {
                Ok(success) => return Ok(success),
                Err(error) => error,
            };
            let failure = error.clone().into();
            self.may_have_been_processed |= failure.may_have_been_processed();
            let remaining = deadline.remaining();
            let Some(delay) = delay_before_next(policy, repeat, self.made, failure, remaining, random()) else {
                return Err(error);
            };
            tracing::warn!(operation, ?failure, delay_ms = delay.as_millis(), "a request to Authress is repeated");
            tokio::time::sleep(delay).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::VecDeque;

    use super::*;
    use crate::error::Outage;

    const NOT_CONNECTED: Failure = Failure::Outage { outage: Outage::NotConnected, retry_after: None };
    const LOST: Failure = Failure::Outage { outage: Outage::ConnectionLost, retry_after: None };

    /// Runs tries with these results, with the longest delays, and returns the result and the time that passed.
    async fn run(
        attempts: &mut Attempts,
        repeat: Repeat,
        deadline: Duration,
        results: impl IntoIterator<Item = Result<u8, Failure>>,
    ) -> (Result<u8, Failure>, Duration) {
        let start = Instant::now();
        let results = RefCell::new(VecDeque::from_iter(results));
        let policy = RetryPolicy::default();
        // One less than the number of possible delays is the longest.
        let random = || 100_000;
        let attempt = || std::future::ready(results.borrow_mut().pop_front().unwrap());
        let result = attempts.run("test", &policy, repeat, Deadline::after(deadline), &random, attempt).await;
        assert!(results.borrow().is_empty(), "{} tries are left", results.borrow().len());
        (result, start.elapsed())
    }

    const TEN_SECONDS: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn the_fourth_try_is_the_last() {
        let mut attempts = Attempts::default();
        let (result, _) = run(&mut attempts, Repeat::Always, TEN_SECONDS, vec![Err(NOT_CONNECTED); 4]).await;
        assert_eq!(result, Err(NOT_CONNECTED));
        assert!(!attempts.may_have_been_processed());
        let (result, _) =
            run(&mut Attempts::default(), Repeat::Always, TEN_SECONDS, [Err(LOST), Err(LOST), Ok(1)]).await;
        assert_eq!(result, Ok(1));
    }

    #[tokio::test(start_paused = true)]
    async fn it_waits_as_long_as_the_response_asks_for() {
        let limited = Failure::RateLimited { retry_after: Some(Duration::from_secs(3)) };
        let results = [Err(limited), Ok(1)];
        let (result, elapsed) = run(&mut Attempts::default(), Repeat::IfNotProcessed, TEN_SECONDS, results).await;
        assert_eq!(result, Ok(1));
        assert!((3000..=3101).contains(&elapsed.as_millis()), "{elapsed:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_wish_beyond_the_deadline_ends_the_call_at_once() {
        let limited = Failure::RateLimited { retry_after: Some(Duration::from_secs(60)) };
        let (result, elapsed) = run(&mut Attempts::default(), Repeat::Always, TEN_SECONDS, [Err(limited)]).await;
        assert_eq!((result, elapsed), (Err(limited), Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn an_effect_that_may_have_happened_is_remembered_and_not_repeated() {
        let mut attempts = Attempts::default();
        let (result, _) =
            run(&mut attempts, Repeat::IfNotProcessed, TEN_SECONDS, [Err(NOT_CONNECTED), Err(LOST)]).await;
        assert_eq!(result, Err(LOST));
        assert!(attempts.may_have_been_processed());
    }
}
