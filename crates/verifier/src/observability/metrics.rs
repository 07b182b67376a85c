//! What is counted and logged of each request: the outcome and the time it took. Never an address,
//! a parameter, a user id or a token.

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
use crate::http::{AddressDoubt, Connections};

/// Counters in the form of Prometheus. Clones share them.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    registry: Registry,
    decisions: Family<Decision, Counter>,
    /// One of `decisions`, at hand because it is the usual one.
    answered: Counter,
    seconds: Histogram,
    in_flight: Gauge,
    key_reloads: Family<Reload, Counter>,
    address_doubts: Family<Doubt, Counter>,
    shared_store_up: Gauge,
    connections: Connections,
    /// Makes request ids unique within this process.
    requests: AtomicU64,
    process: u64,
}

/// `code` is `Answered`, `HumanCheckAsked` or the name of a refusal.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Decision {
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
struct Reload {
    outcome: Code,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Doubt {
    reason: Code,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Build {
    version: &'static str,
    signatures: &'static str,
}

/// Lines are lost outside of any service, in the process's log.
#[derive(Debug)]
struct DroppedLogLines;

impl Collector for DroppedLogLines {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let counter = ConstCounter::new(log::dropped_lines());
        let help = "Log lines that were lost because they could not be written, or not fast enough";
        counter.encode(encoder.encode_descriptor("log_lines_dropped", help, None, counter.metric_type())?)
    }
}

impl Metrics {
    /// All metrics with every label that they can have, at zero: what appears only with its first event cannot be
    /// watched for an increase.
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("authress_verifier");
        let build = Build {
            version: env!("CARGO_PKG_VERSION"),
            signatures: if cfg!(feature = "aws-lc") { "aws-lc" } else { "ed25519-dalek" },
        };
        registry.register("build", "The program", Info::new(build));
        let decisions = Family::<Decision, Counter>::default();
        let refusals = RefusalCode::ALL.iter().map(|code| code.name());
        for code in refusals.chain([ANSWERED, HUMAN_CHECK_ASKED]) {
            let _ = decisions.get_or_create(&Decision { code: Code(code) });
        }
        let answered = decisions.get_or_create_owned(&Decision { code: Code(ANSWERED) });
        registry.register("decisions", "Logins by what became of them", decisions.clone());
        // From the time of a signature to one that no shopper should have to wait.
        let seconds = Histogram::new([0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.005, 0.025, 0.1, 0.5, 2.5]);
        registry.register("login_seconds", "Time a login took in this process, in seconds", seconds.clone());
        let in_flight = Gauge::default();
        registry.register("logins_in_flight", "Logins that are worked on", in_flight.clone());
        let key_reloads = Family::<Reload, Counter>::default();
        for outcome in [REPLACED, KEPT] {
            let _ = key_reloads.get_or_create(&Reload { outcome: Code(outcome) });
        }
        registry.register("key_reloads", "Attempts to read the access keys again", key_reloads.clone());
        let address_doubts = Family::<Doubt, Counter>::default();
        for doubt in AddressDoubt::ALL {
            let _ = address_doubts.get_or_create(&Doubt { reason: Code(doubt.name()) });
        }
        registry.register(
            "client_address_doubts",
            "Logins whose client address is perhaps not the shopper's",
            address_doubts.clone(),
        );
        let shared_store_up = Gauge::default();
        registry.register(
            "shared_store_up",
            "1: limits and used states are common; 0: the store cannot be used; -1: there is none",
            shared_store_up.clone(),
        );
        let connections = Connections::default();
        let (open, limit) = connections.gauges();
        registry.register("connections_open", "Open connections of the listener for logins", open.clone());
        registry.register("connections_limit", "How many of them there can be", limit.clone());
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
            address_doubts,
            shared_store_up,
            connections,
            requests,
            process,
        }))
    }

    /// The open connections that these metrics show: for [`serve_counted`](crate::serve_counted).
    pub fn connections(&self) -> Connections {
        self.0.connections.clone()
    }

    /// Notes an attempt to read the access keys again.
    pub fn key_reload(&self, worked: bool) {
        let outcome = Code(if worked { REPLACED } else { KEPT });
        self.0.key_reloads.get_or_create(&Reload { outcome }).inc();
    }

    /// Notes that a client's address is perhaps not the shopper's. Gives whether it is the first time for this reason.
    pub(crate) fn address_doubt(&self, doubt: AddressDoubt) -> bool {
        self.0.address_doubts.get_or_create(&Doubt { reason: Code(doubt.name()) }).inc() == 0
    }

    pub(crate) fn text(&self, store_is_usable: Option<bool>) -> String {
        self.0.shared_store_up.set(store_is_usable.map_or(-1, i64::from));
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &self.0.registry);
        text
    }

    /// Begins to measure a login.
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

/// One login that is worked on.
pub(crate) struct Measurement<'a> {
    metrics: &'a Inner,
    request: u64,
    start: Instant,
    _in_flight: InFlight<'a>,
}

impl Measurement<'_> {
    /// Counts the login by what became of it, logs one line and gives the answer its id.
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
                metrics.decisions.get_or_create(&Decision { code: Code(HUMAN_CHECK_ASKED) }).inc();
                (HUMAN_CHECK_ASKED, None)
            }
            Err(refusal) => {
                let code = refusal.code.name();
                metrics.decisions.get_or_create(&Decision { code: Code(code) }).inc();
                (code, refusal.parameter.map(Parameter::name))
            }
        };
        metrics.seconds.observe(time.as_secs_f64());
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        tracing::info!(request_id = %id, code, parameter, status = response.status().as_u16(), micros, "login");
        response.headers_mut().insert(X_REQUEST_ID, id.into());
    }
}

/// What became of a login that was not refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It has its user id.
    Answered,
    /// It got a check in the place of an answer.
    HumanCheckAsked,
}

/// Unique within all processes of a deployment, and says nothing.
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
        // Hexadecimal digits and a hyphen are what a header takes.
        Self::try_from(id.to_string()).unwrap_or(HeaderValue::from_static(""))
    }
}

const ANSWERED: &str = "Answered";
const HUMAN_CHECK_ASKED: &str = "HumanCheckAsked";
const REPLACED: &str = "replaced";
const KEPT: &str = "kept";
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Counts down also when the client goes away in the middle.
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
    fn every_metric_is_there_with_0_before_anything_has_happened() {
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
