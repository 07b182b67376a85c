//! What is counted and logged of each request: the outcome and the time it took. Never an address,
//! a parameter, a user id or a token.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::refusal::Refusal;
use crate::router::LOGIN_PATH;

/// Counters in the form of Prometheus. Clones share them.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    registry: Registry,
    decisions: Family<Decision, Counter>,
    seconds: Histogram,
    in_flight: Gauge,
    key_reloads: Family<Outcome, Counter>,
    shared_store_up: Gauge,
    /// Makes request ids unique within this process.
    requests: AtomicU64,
    process: u64,
}

/// `code` is `Answered` or the name of a refusal.
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
struct Outcome {
    outcome: Code,
}

impl Metrics {
    /// Counters at zero.
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("authress_verifier");
        let decisions = Family::default();
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
        self.0.key_reloads.get_or_create(&Outcome { outcome }).inc();
    }

    pub(crate) fn text(&self, store_is_up: Option<bool>) -> String {
        self.0.shared_store_up.set(store_is_up.map_or(-1, i64::from));
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &self.0.registry);
        text
    }

    fn next_request_id(&self) -> String {
        format!("{:016x}-{:x}", self.0.process, self.0.requests.fetch_add(1, Ordering::Relaxed))
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

/// Middleware that gives each login an id (`X-Request-Id` of the answer), counts it and logs one line.
pub(crate) async fn measure(State(metrics): State<Metrics>, request: Request, next: Next) -> Response {
    if request.uri().path() != LOGIN_PATH {
        return next.run(request).await;
    }
    let start = Instant::now();
    let request_id = metrics.next_request_id();
    let guard = InFlight::new(&metrics.0.in_flight);
    let mut response = next.run(request).await;
    drop(guard);
    let time = start.elapsed();

    let refusal = response.extensions().get::<Refusal>().copied();
    let code = match (refusal, response.status()) {
        (Some(refusal), _) => refusal.code.name(),
        (None, StatusCode::FOUND) => "Answered",
        (None, StatusCode::PAYLOAD_TOO_LARGE) => "BodyTooLarge",
        (None, _) => "TimedOut",
    };
    metrics.0.decisions.get_or_create(&Decision { code: Code(code) }).inc();
    metrics.0.seconds.observe(time.as_secs_f64());
    let parameter = refusal.and_then(|refusal| refusal.parameter).map(|parameter| parameter.name());
    let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    tracing::info!(request_id, code, parameter, status = response.status().as_u16(), micros, "login");
    if let Ok(value) = HeaderValue::try_from(request_id) {
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), value);
    }
    response
}

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
