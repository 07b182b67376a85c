//! Failures that a test injects.

use serde::{Deserialize, Serialize};

use crate::control::tier::Tier;

const MAX_FAULTS: usize = 100;

/// The faults that are waiting for a matching request. The first match counts.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

/// The longest delay in milliseconds.
const MAX_DELAY_MS: u64 = 60_000;

/// How a matching request fails: at least one of `status`, `delayMs` and
/// `drop`, and not both of `status` and `drop`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Fault {
    /// Any method when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) method: Option<String>,
    /// Matches every path that begins with it.
    pub(crate) path: String,
    /// Matches requests to the management API of this tier only. Any request when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tier: Option<Tier>,
    /// The `Retry-After` of a response with `status`, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) retry_after_seconds: Option<u32>,
    /// 200 to 599: the status of a response in place of the real one; the request is not processed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u16>,
    /// How often, counting down; 1 when absent.
    #[serde(default = "once")]
    pub(crate) times: u32,
    /// The body of that response, sent as JSON if it is JSON, as plain text otherwise.
    #[serde(default)]
    pub(crate) body: String,
    /// Delays the response by this many milliseconds. The request is processed at once.
    #[serde(default)]
    pub(crate) delay_ms: u64,
    /// Processes the request, then closes the connection without a response. A browser that reused
    /// a connection for it may send it again by itself.
    #[serde(default)]
    pub(crate) drop: bool,
}

fn once() -> u32 {
    1
}

impl Faults {
    /// Adds to the waiting faults. If one of the new ones is invalid or there would be too many, it returns `false` and
    /// changes nothing.
    pub(crate) fn add(&mut self, faults: Vec<Fault>) -> bool {
        let accepted = faults.iter().all(Fault::is_valid) && self.0.len() + faults.len() <= MAX_FAULTS;
        if accepted {
            self.0.extend(faults.into_iter().filter(|fault| fault.times > 0));
        }
        accepted
    }

    /// Takes one use of the first fault for this request.
    pub(crate) fn take(&mut self, method: &str, path: &str) -> Option<Fault> {
        let matches = |fault: &Fault| {
            fault.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
                && path.starts_with(&fault.path)
                && fault.tier.is_none_or(|tier| Tier::of(method, path) == Some(tier))
        };
        let position = self.0.iter().position(matches)?;
        let fault = self.0.get_mut(position)?;
        fault.times -= 1;
        let taken = fault.clone();
        if taken.times == 0 {
            self.0.remove(position);
        }
        Some(taken)
    }

    pub(crate) fn waiting(&self) -> &[Fault] {
        &self.0
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

impl Fault {
    fn is_valid(&self) -> bool {
        let one_effect = match self.status {
            Some(status) => (200..=599).contains(&status) && !self.drop,
            None => self.drop || self.delay_ms > 0,
        };
        let has_use = self.status.is_some() || self.retry_after_seconds.is_none();
        one_effect && has_use && self.delay_ms <= MAX_DELAY_MS && self.path.starts_with('/')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(method: Option<&str>, status: u16, times: u32) -> Fault {
        let method = method.map(str::to_owned);
        Fault { method, path: "/api/".to_owned(), status: Some(status), times, ..Fault::default() }
    }

    #[test]
    fn a_fault_counts_down_and_ends() {
        let mut faults = Faults::default();
        assert!(faults.add(vec![fault(Some("POST"), 500, 2)]));
        assert!(faults.take("GET", "/api/session").is_none());
        assert!(faults.take("POST", "/login").is_none());
        assert_eq!(faults.take("POST", "/api/session").unwrap().times, 1);
        assert_eq!(faults.take("post", "/api/session").unwrap().times, 0);
        assert!(faults.take("POST", "/api/session").is_none());
    }

    #[test]
    fn a_late_or_missing_response_needs_no_status() {
        let late = Fault { status: None, delay_ms: 5, ..fault(None, 500, 1) };
        let dropped = Fault { status: None, drop: true, ..fault(None, 500, 1) };
        assert!(Faults::default().add(vec![late, dropped, Fault { delay_ms: 5, ..fault(None, 500, 1) }]));
    }

    #[test]
    fn a_fault_may_be_for_one_tier() {
        let mut faults = Faults::default();
        let limit = Fault { path: "/".to_owned(), tier: Some(Tier::List), ..fault(None, 429, 1) };
        assert!(faults.add(vec![limit]));
        assert!(faults.take("POST", "/v1/records").is_none());
        assert!(faults.take("GET", "/v1/records").is_some());
    }

    #[test]
    fn invalid_faults_are_rejected() {
        let waits = Fault { status: None, delay_ms: 5, retry_after_seconds: Some(1), ..fault(None, 500, 1) };
        assert!(!Faults::default().add(vec![waits]));
        assert!(!Faults::default().add(vec![fault(None, 42, 1)]));
        assert!(!Faults::default().add(vec![Fault { path: "api".to_owned(), ..fault(None, 500, 1) }]));
        assert!(!Faults::default().add(vec![Fault { status: None, ..fault(None, 500, 1) }]));
        assert!(!Faults::default().add(vec![Fault { drop: true, ..fault(None, 500, 1) }]));
        assert!(!Faults::default().add(vec![Fault { delay_ms: MAX_DELAY_MS + 1, ..fault(None, 500, 1) }]));
        assert!(!Faults::default().add(vec![fault(None, 500, 1); MAX_FAULTS + 1]));
    }
}
