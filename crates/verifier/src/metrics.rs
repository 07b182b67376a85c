//! What is counted and logged of each request: the outcome and the time it took. Never an address,
//! a parameter, a user id or a token.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::login_request::Parameter;
use crate::refusal::Refusal;

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
    shared_store_up: Gauge,
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

impl Metrics {
    /// Counters at zero.
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("authress_verifier");
        let decisions = Family::<Decision, Counter>::default();
        let answered = decisions.get_or_create_owned(&Decision { code: Code("Answered") });
        registry.register("decisions", "Logins by what became of them", decisions.clone());
        // From what a signature takes to what nobody should have to wait.
        let seconds = Histogram::new([0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.005, 0.025, 0.1, 0.5, 2.5]);
        registry.register("login_seconds", "Time a login took in this process, in seconds", seconds.clone());
        let in_flight = Gauge::default();
        registry.register("logins_in_flight", "Logins that are worked on", in_flight.clone());
        let key_reloads = Family::default();
        registry.register("key_reloads", "Attempts to read the access keys again", key_reloads.clone());
        let shared_store_up = Gauge::default();
        registry.register(
            "shared_store_up",
            "1: limits and used states are common; 0: the store does not answer; -1: there is none",
            shared_store_up.clone(),
        );
        let process = getrandom::u64().unwrap_or_else(|_| u64::from(std::process::id()));
        let requests = AtomicU64::new(0);
        Self(Arc::new(Inner {
            registry,
            decisions,
            answered,
            seconds,
            in_flight,
            key_reloads,
            shared_store_up,
            requests,
            process,
        }))
    }

    /// Notes an attempt to read the access keys again.
    pub fn key_reload(&self, worked: bool) {
        let outcome = Code(if worked { "replaced" } else { "kept" });
        self.0.key_reloads.get_or_create(&Reload { outcome }).inc();
    }

    pub(crate) fn text(&self, store_is_up: Option<bool>) -> String {
        self.0.shared_store_up.set(store_is_up.map_or(-1, i64::from));
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
                ("Answered", None)
            }
            Ok(Outcome::HumanCheckAsked) => {
                metrics.decisions.get_or_create(&Decision { code: Code("HumanCheckAsked") }).inc();
                ("HumanCheckAsked", None)
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
