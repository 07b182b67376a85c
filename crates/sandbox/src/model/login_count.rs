//! How many requests a minute the routes of a login have had.

const WINDOW_MS: u64 = 60 * 1000;

/// The requests of the current minute, which begins with its first request.
#[derive(Debug, Default)]
pub(crate) struct LoginCount {
    began_at_ms: u64,
    requests: u32,
}

impl LoginCount {
    /// Counts a request and returns whether it is within the limit. Without a limit nothing is counted.
    pub(crate) fn count(&mut self, now_ms: u64, limit: Option<u32>) -> bool {
        let Some(limit) = limit else {
            *self = Self::default();
            return true;
        };
        if now_ms.saturating_sub(self.began_at_ms) >= WINDOW_MS {
            *self = Self { began_at_ms: now_ms, requests: 0 };
        }
        self.requests = self.requests.saturating_add(1);
        self.requests <= limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_holds_for_a_minute() {
        let mut count = LoginCount::default();
        let now_ms = 1_700_000_000_000;
        assert!(count.count(now_ms, None));
        assert_eq!([0, 1, 59_999, 60_000].map(|later| count.count(now_ms + later, Some(2))), [true, true, false, true]);
    }
}
