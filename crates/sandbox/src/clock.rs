//! The sandbox's clock: the system's, which a test may advance.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The most a test may advance the clock in total, in seconds: ten years.
pub(crate) const MAX_ADVANCE_S: u64 = 10 * 365 * 24 * 60 * 60;

/// The system's time plus what tests have added.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    ahead_s: u64,
    /// Replaces the system's time in programs that simulate it.
    simulated_ms: Option<Arc<AtomicU64>>,
}

impl Clock {
    /// A clock that the surrounding program sets, in milliseconds since 1970.
    pub(crate) fn simulated(now_ms: Arc<AtomicU64>) -> Self {
        Self { ahead_s: 0, simulated_ms: Some(now_ms) }
    }

    /// The sandbox's time in milliseconds since 1970.
    pub(crate) fn now_ms(&self) -> u64 {
        // The system has no time in WebAssembly: asking for it would panic.
        let now_ms = self.simulated_ms.as_ref().map_or_else(system_now_ms, |now_ms| now_ms.load(Ordering::Relaxed));
        now_ms.saturating_add(self.ahead_s * 1000)
    }

    /// Advances the clock; beyond [`MAX_ADVANCE_S`] it returns `false` and changes nothing.
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

/// The time as RFC 3339 text in UTC, to the second; empty from the year 10000 on, which RFC 3339 cannot express.
pub(crate) fn rfc3339(now_ms: u64) -> String {
    let seconds = i64::try_from(now_ms / 1000).unwrap_or(i64::MAX);
    let text = OffsetDateTime::from_unix_timestamp(seconds).ok().and_then(|time| time.format(&Rfc3339).ok());
    text.unwrap_or_default()
}

/// The time as RFC 3339 text in UTC, to the millisecond.
pub(crate) fn rfc3339_ms(now_ms: u64) -> String {
    let seconds = rfc3339(now_ms);
    seconds.strip_suffix('Z').map(|text| format!("{text}.{:03}Z", now_ms % 1000)).unwrap_or_default()
}

/// Reads RFC 3339 text, as JavaScript's `toISOString` writes it: milliseconds since 1970.
pub(crate) fn parse_rfc3339(text: &str) -> Option<u64> {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    u64::try_from(time.unix_timestamp_nanos() / 1_000_000).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_formatted_as_rfc_3339() {
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
    fn times_with_milliseconds_are_written_and_read() {
        for (now_ms, text) in [(0, "1970-01-01T00:00:00.000Z"), (1_767_225_599_007, "2025-12-31T23:59:59.007Z")] {
            assert_eq!((rfc3339_ms(now_ms).as_str(), parse_rfc3339(text)), (text, Some(now_ms)));
        }
        assert_eq!(parse_rfc3339("1970-01-01T02:00:01+02:00"), Some(1000));
        for bad in ["", "P7D", "1970-01-01", "1969-12-31T23:59:59Z", "Thu, 01 Jan 1970 00:00:00 GMT"] {
            assert_eq!(parse_rfc3339(bad), None, "{bad}");
        }
    }

    #[test]
    fn advances_add_up_within_the_limit() {
        let mut clock = Clock::simulated(Arc::new(AtomicU64::new(1_000)));
        assert!(clock.advance(10) && clock.advance(5));
        assert!(!clock.advance(MAX_ADVANCE_S));
        assert_eq!(clock.now_ms(), 16_000);
    }
}
