//! Time, where the device's clock may be wrong.

/// Up to this difference, in milliseconds, two clocks count as equal: an answer's own travel and
/// whole seconds in tokens look like as much.
const TOLERANCE_MS: i64 = 60 * 1000;

/// The longest time in seconds that counts: more than JSON's whole numbers can say.
const LONGEST_S: i64 = 1 << 53;

/// Seconds as milliseconds.
// Without a multiplication that might overflow: those are done in 128 bits.
pub(crate) fn milliseconds(seconds: i64) -> i64 {
    seconds.clamp(-LONGEST_S, LONGEST_S) * 1000
}

/// A moment by the device's clock, and what is known of how wrong that is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// Milliseconds since 1970 by the device's clock.
    pub device_ms: i64,
    /// What to add for the server's time, in milliseconds.
    pub skew_ms: i64,
}

impl Moment {
    /// Milliseconds since 1970 by the server's clock.
    pub fn server_ms(self) -> i64 {
        self.device_ms.saturating_add(self.skew_ms)
    }

    /// The same for what cannot be negative: 0 for times before 1970.
    pub fn unix_ms(self) -> u64 {
        u64::try_from(self.server_ms()).unwrap_or(0)
    }

    /// A time of the server's, in seconds since 1970, by the device's clock in milliseconds.
    pub fn device_ms_of(self, server_seconds: i64) -> i64 {
        milliseconds(server_seconds).saturating_sub(self.skew_ms)
    }

    /// The same moment, after the server has told its time in milliseconds since 1970.
    pub fn corrected_by(self, server_ms: i64) -> Self {
        let skew_ms = server_ms.saturating_sub(self.device_ms);
        Self { skew_ms: if skew_ms.abs() > TOLERANCE_MS { skew_ms } else { 0 }, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: i64 = 24 * 60 * 60 * 1000;

    #[test]
    fn a_clock_a_day_fast_or_slow_is_corrected() {
        for wrong_by in [DAY_MS, -DAY_MS] {
            let moment = Moment { device_ms: 1_000_000_000 + wrong_by, skew_ms: 0 }.corrected_by(1_000_000_000);
            assert_eq!(moment.server_ms(), 1_000_000_000);
            assert_eq!(moment.device_ms_of(1_000_000), 1_000_000_000 + wrong_by);
        }
    }

    #[test]
    fn a_minute_is_no_difference() {
        let moment = Moment { device_ms: 5_000_000, skew_ms: 7 };
        assert_eq!(moment.corrected_by(5_060_000).skew_ms, 0);
        assert_eq!(moment.corrected_by(5_060_001).skew_ms, 60_001);
    }
}
