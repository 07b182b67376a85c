//! The sandbox's clock: the system's, which a test may move forward.

use std::time::{SystemTime, UNIX_EPOCH};

/// The most a test may advance the clock in total, in seconds: ten years.
pub(crate) const MAX_ADVANCE_S: u64 = 10 * 365 * 24 * 60 * 60;

/// How far the sandbox's time is ahead of the system's.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    ahead_s: u64,
}

impl Clock {
    /// The sandbox's time in milliseconds since 1970.
    pub(crate) fn now_ms(&self, system_ms: u64) -> u64 {
        system_ms.saturating_add(self.ahead_s * 1000)
    }

    /// Moves the clock forward; `false` and no change beyond [`MAX_ADVANCE_S`].
    pub(crate) fn advance(&mut self, seconds: u64) -> bool {
        let ahead_s = self.ahead_s.saturating_add(seconds);
        let allowed = ahead_s <= MAX_ADVANCE_S;
        if allowed {
            self.ahead_s = ahead_s;
        }
        allowed
    }
}

/// The system's time in milliseconds since 1970; 0 for a system clock before that.
pub(crate) fn system_now_ms() -> u64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advances_add_up_within_the_limit() {
        let mut clock = Clock::default();
        assert!(clock.advance(10) && clock.advance(5));
        assert!(!clock.advance(MAX_ADVANCE_S));
        assert_eq!(clock.now_ms(1_000), 16_000);
    }
}
