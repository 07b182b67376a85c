//! The circuit breaker: when the store counts as failing, and which changes are logged. Times are arguments.

use std::time::Duration;

use authress_redis::StoreFailure;

/// How long a failed store gets no commands, and how long a success is valid.
pub const PAUSE: Duration = Duration::from_secs(1);

/// The least time between reports of a store that keeps failing for changing reasons.
const REPORT_AGAIN: Duration = Duration::from_secs(60);

/// An operation of a login. The success of one says nothing about the other: only the operation that failed can show
/// that the store works again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    /// Takes tokens of the rate limits.
    Take,
    /// Marks a state as used.
    Spend,
}

/// A change to log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Failing(StoreFailure),
    Usable,
}

/// All times are durations since the store was created.
#[derive(Debug, Default)]
pub(super) struct Health {
    take_fails: bool,
    spend_fails: bool,
    /// The last failure, until both operations work again.
    failure: Option<StoreFailure>,
    paused_until: Duration,
    usable_until: Duration,
    /// The last reported failure, and its time.
    reported: Option<(StoreFailure, Duration)>,
}

impl Health {
    /// Returns the failure that keeps the circuit breaker open now.
    pub(super) fn pause(&self, now: Duration) -> Option<StoreFailure> {
        self.failure.clone().filter(|_| now < self.paused_until)
    }

    /// Returns whether the last success is still valid. `false` means that it has to be probed.
    pub(super) fn is_known_usable(&self, now: Duration) -> bool {
        self.failure.is_none() && now < self.usable_until
    }

    pub(super) fn is_failing(&self) -> bool {
        self.failure.is_some()
    }

    pub(super) fn succeeded(&mut self, operation: Operation, now: Duration) -> Option<Change> {
        *self.fails(operation) = false;
        if self.take_fails || self.spend_fails {
            return None;
        }
        self.usable_until = now.saturating_add(PAUSE);
        self.reported = None;
        self.failure.take().map(|_| Change::Usable)
    }

    pub(super) fn failed(&mut self, operation: Operation, failure: StoreFailure, now: Duration) -> Option<Change> {
        *self.fails(operation) = true;
        self.paused_until = now.saturating_add(PAUSE);
        self.failure = Some(failure.clone());
        let is_new = self
            .reported
            .as_ref()
            .is_none_or(|(reported, since)| *reported != failure && now.saturating_sub(*since) >= REPORT_AGAIN);
        is_new.then(|| {
            self.reported = Some((failure.clone(), now));
            Change::Failing(failure)
        })
    }

    fn fails(&mut self, operation: Operation) -> &mut bool {
        match operation {
            Operation::Take => &mut self.take_fails,
            Operation::Spend => &mut self.spend_fails,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn rejected(code: &str) -> StoreFailure {
        StoreFailure::Rejected(code.to_owned())
    }

    #[test]
    fn a_failure_pauses_for_a_second_and_is_reported_once_until_a_success() {
        let mut health = Health::default();
        assert_eq!(health.pause(at(0)), None);
        assert_eq!(health.failed(Operation::Take, rejected("OOM"), at(0)), Some(Change::Failing(rejected("OOM"))));
        assert_eq!(health.pause(at(999)), Some(rejected("OOM")));
        assert_eq!(health.pause(at(1000)), None);
        assert_eq!(health.failed(Operation::Take, rejected("OOM"), at(1000)), None);
        assert!(health.is_failing());
        assert_eq!(health.succeeded(Operation::Take, at(2000)), Some(Change::Usable));
        assert_eq!(health.succeeded(Operation::Take, at(2001)), None);
        assert_eq!(health.failed(Operation::Take, rejected("OOM"), at(2002)), Some(Change::Failing(rejected("OOM"))));
    }

    #[test]
    fn only_the_operation_that_failed_shows_that_it_works_again() {
        let mut health = Health::default();
        assert!(health.failed(Operation::Spend, rejected("NOPERM"), at(0)).is_some());
        for second in 1..10 {
            assert_eq!(health.succeeded(Operation::Take, at(second * 1000)), None);
            assert!(health.is_failing() && !health.is_known_usable(at(second * 1000)));
            assert_eq!(health.failed(Operation::Spend, rejected("NOPERM"), at(second * 1000)), None);
        }
        assert_eq!(health.succeeded(Operation::Spend, at(10_000)), Some(Change::Usable));
        assert!(health.is_known_usable(at(10_999)) && !health.is_known_usable(at(11_000)));
    }

    #[test]
    fn another_reason_is_reported_at_most_once_a_minute() {
        let mut health = Health::default();
        assert!(health.failed(Operation::Take, StoreFailure::NoResponse, at(0)).is_some());
        assert_eq!(health.failed(Operation::Take, rejected("LOADING"), at(1000)), None);
        assert_eq!(health.failed(Operation::Take, StoreFailure::NoResponse, at(60_000)), None);
        assert!(health.failed(Operation::Take, rejected("LOADING"), at(60_001)).is_some());
        assert_eq!(health.failed(Operation::Take, StoreFailure::NoResponse, at(61_000)), None);
    }
}
