//! Metrics, and the log line of each login: the outcome and the duration. They contain no IP address, parameter value,
//! user id or token.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeLabelSet, EncodeLabelValue, EncodeMetric, LabelValueEncoder,
};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use super::log;
use crate::decision::{Parameter, Refusal, RefusalCode};
use crate::http::{Connections, ForwardingIssue};

/// The Prometheus metrics. Clones share them.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    registry: Registry,
    decisions: Family<DecisionLabels, Counter>,
    /// One of `decisions`, kept because it is the usual one.
    answered: Counter,
    seconds: Histogram,
    in_flight: Gauge,
    key_reloads: Family<ReloadLabels, Counter>,
    forwarding_issues: Family<IssueLabels, Counter>,
    shared_store_up: Gauge,
    connections: Connections,
    /// The number of the next request, for request ids.
    requests: AtomicU64,
    /// A random number for request ids.
    process: u64,
}

/// `code` is `Answered`, `HumanCheckAsked` or the name of a refusal.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DecisionLabels {
    code: Code,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Code(&'static str);

impl EncodeLabelValue for Code {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), fmt::Error> {
        EncodeLabelValue::encode(&self.0, encoder)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReloadLabels {
    outcome: Code,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct IssueLabels {
    reason: Code,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BuildLabels {
    version: &'static str,
    signatures: &'static str,
}

/// Exports the counter of the process's log.
#[derive(Debug)]
struct DroppedLogLines;

impl Collector for DroppedLogLines {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let counter = ConstCounter::new(log::dropped_lines());
        let help = "Log lines dropped because they could not be written, or not fast enough";
        counter.encode(encoder.encode_descriptor("log_lines_dropped", help, None, counter.metric_type())?)
    }
}

impl Metrics {
    /// Creates all metrics with every label value at zero: an alert on an increase misses a series that appears with
    /// its first event.
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("authress_verifier");
        let build = BuildLabels {
            version: env!("CARGO_PKG_VERSION"),
            signatures: if cfg!(feature = "aws-lc") { "aws-lc" } else { "ed25519-dalek" },
        };
        registry.register("build", "Version and signature implementation", Info::new(build));
        let decisions = Family::<DecisionLabels, Counter>::default();
        let refusals = RefusalCode::ALL.iter().map(|code| code.name());
        for code in refusals.chain([ANSWERED, HUMAN_CHECK_ASKED]) {
            let _ = decisions.get_or_create(&DecisionLabels { code: Code(code) });
        }
        let answered = decisions.get_or_create_owned(&DecisionLabels { code: Code(ANSWERED) });
        registry.register("decisions", "Login requests by outcome", decisions.clone());
        // From the duration of a signature to the longest acceptable wait.
        let seconds = Histogram::new([0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.005, 0.025, 0.1, 0.5, 2.5]);
        registry.register("login_seconds", "Duration of login requests in this process, in seconds", seconds.clone());
        let in_flight = Gauge::default();
        registry.register("logins_in_flight", "Login requests in flight", in_flight.clone());
        let key_reloads = Family::<ReloadLabels, Counter>::default();
        for outcome in [REPLACED, KEPT] {
            let _ = key_reloads.get_or_create(&ReloadLabels { outcome: Code(outcome) });
        }
        registry.register("key_reloads", "Reloads of the access keys by outcome", key_reloads.clone());
        let forwarding_issues = Family::<IssueLabels, Counter>::default();
        for issue in ForwardingIssue::ALL {
            let _ = forwarding_issues.get_or_create(&IssueLabels { reason: Code(issue.name()) });
        }
        registry.register(
            "client_address_doubts",
            "Login requests whose client IP address may not be the shopper's, by reason",
            forwarding_issues.clone(),
        );
        let shared_store_up = Gauge::default();
        registry.register(
            "shared_store_up",
            "1: the shared store is available; 0: it is unavailable; -1: none is configured",
            shared_store_up.clone(),
        );
        let connections = Connections::default();
        let (open, limit) = connections.gauges();
        registry.register("connections_open", "Open connections of the listener for logins", open.clone());
        registry.register("connections_limit", "Limit of open connections", limit.clone());
        registry.register_collector(Box::new(DroppedLogLines));
        let process = getrandom::u64().unwrap_or_else(|_| u64::from(std::process::id()));
        let requests = AtomicU64::new(0);
        Self(Arc::new(Inner {
            registry,
            decisions,
            answered,
            seconds,
            in_flight,
            key_reloads,
            forwarding_issues,
            shared_store_up,
            connections,
            requests,
            process,
        }))
    }

    /// Returns the gauges of open connections, for [`serve_counted`](crate::serve_counted).
    pub fn connections(&self) -> Connections {
        self.0.connections.clone()
    }

    /// Counts a reload of the access keys.
    pub fn key_reload(&self, succeeded: bool) {
        let outcome = Code(if succeeded { REPLACED } else { KEPT });
        self.0.key_reloads.get_or_create(&ReloadLabels { outcome }).inc();
    }

    /// Counts a forwarding issue. Returns whether it is the first of its kind.
    pub(crate) fn forwarding_issue(&self, issue: ForwardingIssue) -> bool {
        self.0.forwarding_issues.get_or_create(&IssueLabels { reason: Code(issue.name()) }).inc() == 0
    }

    /// Returns the metrics in the OpenMetrics text format.
    pub(crate) fn text(&self, store_is_usable: Option<bool>) -> String {
        self.0.shared_store_up.set(store_is_usable.map_or(-1, i64::from));
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &self.0.registry);
        text
    }

    /// Begins the measurement of a login request.
    pub(crate) fn begin(&self) -> Measurement<'_> {
        Measurement {
            metrics: &self.0,
            request: self.0.requests.fetch_add(1, Ordering::Relaxed),
            start: Instant::now(),
            _in_flight: InFlight::new(&self.0.in_flight),
        }
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

/// A login request in flight.
pub(crate) struct Measurement<'a> {
    metrics: &'a Inner,
    request: u64,
    start: Instant,
    _in_flight: InFlight<'a>,
}

impl Measurement<'_> {
    /// Counts the request by its outcome, logs one line and adds the request id to the response.
    pub(crate) fn finish(self, outcome: Result<Outcome, Refusal>, response: &mut Response) {
        let Self { metrics, request, start, _in_flight } = self;
        let time = start.elapsed();
        let id = RequestId { process: metrics.process, request };
        let (code, parameter) = match outcome {
            Ok(Outcome::Answered) => {
                metrics.answered.inc();
                (ANSWERED, None)
            }
            Ok(Outcome::HumanCheckAsked) => {
                metrics.decisions.get_or_create(&DecisionLabels { code: Code(HUMAN_CHECK_ASKED) }).inc();
                (HUMAN_CHECK_ASKED, None)
            }
            Err(refusal) => {
                let code = refusal.code.name();
                metrics.decisions.get_or_create(&DecisionLabels { code: Code(code) }).inc();
                (code, refusal.parameter.map(Parameter::name))
            }
        };
        metrics.seconds.observe(time.as_secs_f64());
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        tracing::info!(request_id = %id, code, parameter, status = response.status().as_u16(), micros, "login");
        response.headers_mut().insert(X_REQUEST_ID, id.into());
    }
}

/// The outcome of a login request that was not refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The response contains a user id.
    Answered,
    /// The response is the page of a human check.
    HumanCheckAsked,
}

/// A request id, unique across the processes of a deployment. It contains nothing of the request.
#[derive(Clone, Copy)]
struct RequestId {
    process: u64,
    request: u64,
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}-{:x}", self.process, self.request)
    }
}

impl From<RequestId> for HeaderValue {
    fn from(id: RequestId) -> Self {
        // Hexadecimal digits and a hyphen are valid in a header.
        Self::try_from(id.to_string()).unwrap_or(HeaderValue::from_static(""))
    }
}

const ANSWERED: &str = "Answered";
const HUMAN_CHECK_ASKED: &str = "HumanCheckAsked";
const REPLACED: &str = "replaced";
const KEPT: &str = "kept";
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Decrements the gauge on drop, so also when the client disconnects.
struct InFlight<'a>(&'a Gauge);

impl<'a> InFlight<'a> {
    fn new(gauge: &'a Gauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_is_exported_with_0_from_the_start() {
        let text = Metrics::new().text(None);
        for code in RefusalCode::ALL.iter().map(|code| code.name()).chain(["Answered", "HumanCheckAsked"]) {
            let line = format!("authress_verifier_decisions_total{{code=\"{code}\"}} 0");
            assert!(text.lines().any(|other| other == line), "{line} is not in\n{text}");
        }
        for line in [
            "authress_verifier_key_reloads_total{outcome=\"replaced\"} 0",
            "authress_verifier_key_reloads_total{outcome=\"kept\"} 0",
            "authress_verifier_logins_in_flight 0",
            "authress_verifier_login_seconds_count 0",
            "authress_verifier_shared_store_up -1",
            "authress_verifier_connections_open 0",
            "authress_verifier_connections_limit 0",
        ] {
            assert!(text.lines().any(|other| other == line), "{line} is not in\n{text}");
        }
        let build = format!("authress_verifier_build_info{{version=\"{}\",", env!("CARGO_PKG_VERSION"));
        assert!(text.contains(&build), "{text}");
        assert!(text.contains("authress_verifier_log_lines_dropped_total "), "{text}");
    }

    #[test]
    fn every_metric_is_in_the_manual() {
        let manual = include_str!("../../../../docs/verifier.md");
        let text = Metrics::new().text(None);
        for name in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()) {
            let suffixed = ["", "_total", "_info"].map(|suffix| format!("`{name}{suffix}"));
            assert!(suffixed.iter().any(|name| manual.contains(name)), "{name} is not in docs/verifier.md");
        }
    }
}
