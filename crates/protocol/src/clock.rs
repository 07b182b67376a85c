//! Clock readings, and the skew between the device's clock and the server's.
//!
//! Proofs of work and expiry times depend on the time, and the clocks of shoppers' devices can be days off.

/// The skew that is ignored, in milliseconds: network latency and the whole seconds of tokens look like a small skew.
const TOLERANCE_MS: i64 = 60 * 1000;

/// The longest time in seconds that is counted. The whole numbers of JSON are smaller.
const MAX_SECONDS: i64 = 1 << 53;

/// Converts seconds to milliseconds.
// Clamped instead of saturating: a saturating multiplication is done in 128 bits on wasm32.
pub(crate) fn milliseconds(seconds: i64) -> i64 {
    seconds.clamp(-MAX_SECONDS, MAX_SECONDS) * 1000
}

/// A reading of the device's clock with its known skew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClockReading {
    /// Milliseconds since 1970 by the device's clock.
    pub device_ms: i64,
    /// The server's clock minus the device's clock, in milliseconds; 0 if it is not known or small.
    pub skew_ms: i64,
}

impl ClockReading {
    /// Returns the time by the server's clock, in milliseconds since 1970.
    pub fn server_ms(self) -> i64 {
        self.device_ms.saturating_add(self.skew_ms)
    }

    /// Returns [`Self::server_ms`], or 0 for times before 1970.
    pub fn unix_ms(self) -> u64 {
        u64::try_from(self.server_ms()).unwrap_or(0)
    }

    /// Converts a time of the server, in seconds since 1970, to milliseconds since 1970 by the device's clock.
    pub fn device_ms_of(self, server_seconds: i64) -> i64 {
        milliseconds(server_seconds).saturating_sub(self.skew_ms)
    }

    /// Returns the reading with the skew to the server's time, in milliseconds since 1970.
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
    fn a_skew_of_a_day_is_corrected() {
        for ahead_ms in [DAY_MS, -DAY_MS] {
            let reading = ClockReading { device_ms: 1_000_000_000 + ahead_ms, skew_ms: 0 }.corrected_by(1_000_000_000);
            assert_eq!(reading.server_ms(), 1_000_000_000);
            assert_eq!(reading.device_ms_of(1_000_000), 1_000_000_000 + ahead_ms);
        }
    }

    #[test]
    fn a_skew_of_a_minute_is_ignored() {
        let reading = ClockReading { device_ms: 5_000_000, skew_ms: 7 };
        assert_eq!(reading.corrected_by(5_060_000).skew_ms, 0);
        assert_eq!(reading.corrected_by(5_060_001).skew_ms, 60_001);
    }
}
