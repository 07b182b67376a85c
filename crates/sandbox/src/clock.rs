//! The sandbox's clock: the system's, which a test may move forward.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// The most a test may advance the clock in total, in seconds: ten years.
pub(crate) const MAX_ADVANCE_S: u64 = 10 * 365 * 24 * 60 * 60;

/// How far the sandbox's time is ahead of the system's.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    ahead_s: u64,
    /// In place of the system's time, for programs that simulate it.
    simulated_ms: Option<Arc<AtomicU64>>,
}

impl Clock {
    /// A clock that shows what the program around the sandbox says.
    pub(crate) fn simulated(now_ms: Arc<AtomicU64>) -> Self {
        Self { ahead_s: 0, simulated_ms: Some(now_ms) }
    }

    /// The sandbox's time in milliseconds since 1970.
    pub(crate) fn now_ms(&self, system_ms: u64) -> u64 {
        let now_ms = self.simulated_ms.as_ref().map_or(system_ms, |now_ms| now_ms.load(Ordering::Relaxed));
        now_ms.saturating_add(self.ahead_s * 1000)
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

/// The time as RFC 3339 text in UTC, to the second. From the year 10000 on it is no RFC 3339 any more.
pub(crate) fn rfc3339(now_ms: u64) -> String {
    let seconds = now_ms / 1000;
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    // Years counted from March have their leap day at the end; 400 of them have 146,097 days.
    let days = seconds / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_by_the_calendar() {
        let cases = [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399_999, "2000-02-28T23:59:59Z"),
            (951_782_400_000, "2000-02-29T00:00:00Z"),
            (1_709_251_200_000, "2024-03-01T00:00:00Z"),
            (1_767_225_599_000, "2025-12-31T23:59:59Z"),
        ];
        for (now_ms, text) in cases {
            assert_eq!(rfc3339(now_ms), text);
        }
    }

    #[test]
    fn advances_add_up_within_the_limit() {
        let mut clock = Clock::default();
        assert!(clock.advance(10) && clock.advance(5));
        assert!(!clock.advance(MAX_ADVANCE_S));
        assert_eq!(clock.now_ms(1_000), 16_000);
    }
}
