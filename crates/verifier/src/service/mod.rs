//! The whole service as the binary serves it: the login route with its policies, health checks and metrics.

mod login;
mod login_service;
mod router;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use authress_single_use::SingleUse;
use axum::Router;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderName, StatusCode, header};
use axum::middleware::{from_fn, map_response};
use axum::routing::get;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;

use self::login::MAX_BODY_BYTES;
pub use self::login::{Login, STATE_LIFETIME};
use self::login_service::LoginService;
pub use self::router::{HEALTH_PATH, LOGIN_PATH, router, router_with_policy, standalone};
use self::router::{health_check, method_not_allowed, not_found};
use crate::config::{Config, HumanCheckConfig, HumanCheckKind};
use crate::decision::Refusal;
use crate::http::{
    HttpClientUnavailable, NavigationsOnly, Policy, TrustedProxies, forwarding_advice, html_error_pages,
    with_protective_headers,
};
use crate::human_check::{CHALLENGE_LIFETIME, HumanCheck, HumanGate, ProofOfWork, SiteVerify};
use crate::observability::Metrics;
use crate::rate_limit::{LocalRateLimiter, RateLimit, RedisRateLimiter};
use crate::shared_store::{SharedStore, StoreFailure, WhenDown};
use crate::used_states::{self, SharedStates};

/// The path of the readiness check.
pub const READY_PATH: &str = "/readyz";

/// The path of the metrics on [`Service::internal_router`].
pub const METRICS_PATH: &str = "/metrics";

/// The parts of the service that outlive a request. Clones share them.
#[derive(Clone, Debug)]
pub struct Service {
    /// Answers login requests.
    pub login: Login,
    /// The metrics.
    pub metrics: Metrics,
    store: Option<(Arc<SharedStore>, WhenDown)>,
    is_stopping: Arc<AtomicBool>,
}

impl Service {
    /// Creates the service and the router of its public listener, without connecting to Redis.
    ///
    /// The router needs the peer address as axum's [`ConnectInfo`](axum::extract::ConnectInfo); [`serve`](crate::serve)
    /// provides it.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub fn new(config: Config) -> Result<(Self, Router), ServiceError> {
        let store = match &config.store {
            None => None,
            Some(store) => {
                let shared = SharedStore::new(&store.url, &store.prefix, store.timeout);
                Some((Arc::new(shared), store.when_down))
            }
        };
        let states: Option<Arc<dyn SingleUse>> = match (config.state_lifetime, &store) {
            (None, _) => None,
            (Some(lifetime), None) => Some(Arc::new(used_states::local(lifetime))),
            (Some(lifetime), Some((store, when_down))) => {
                Some(Arc::new(SharedStates::new(lifetime, Arc::clone(store), *when_down)))
            }
        };
        let human_gate =
            config.human_check.map(|check| human_gate(check, config.proxies, store.as_ref())).transpose()?;
        let login = Login::new(config.verifier).with_states(states).with_human_check(human_gate);
        let service = Self { login, metrics: Metrics::new(), store, is_stopping: Arc::default() };
        // In this order, so that a request that is not a navigation takes no token.
        let navigations =
            config.navigations_only.then_some(NavigationsOnly { allow_background: config.allow_background });
        let checks = (navigations, ForwardingMonitor { proxies: config.proxies, metrics: service.metrics.clone() });
        let time_limit = config.server.request_timeout;
        let router = match &service.store {
            None => {
                let limit = RateLimit::new(LocalRateLimiter::new(config.limits), config.proxies);
                service.public_router((checks, limit), time_limit)
            }
            Some((store, when_down)) => {
                let limiter = RedisRateLimiter::new(config.limits, Arc::clone(store), *when_down);
                service.public_router((checks, RateLimit::new(limiter, config.proxies)), time_limit)
            }
        };
        Ok((service, router))
    }

    fn public_router<P: Policy>(&self, policy: P, time_limit: Duration) -> Router {
        let logins = LoginService::measured(self.login.clone(), policy, self.metrics.clone(), time_limit);
        health_checks()
            .fallback(not_found)
            .with_state(self.clone())
            .layer(RequestBodyLimitLayer::new(MAX_BODY_BYTES))
            .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, time_limit))
            .layer(map_response(with_protective_headers))
            .layer(from_fn(html_error_pages))
            .route_service(LOGIN_PATH, logins)
    }

    /// Returns the router of the internal listener: metrics and health checks. Clients that occupy every connection of
    /// the public listener cannot make health checks fail there.
    pub fn internal_router(&self) -> Router {
        Router::new()
            .route(METRICS_PATH, get(metrics).fallback(method_not_allowed))
            .merge(health_checks())
            .fallback(not_found)
            .with_state(self.clone())
            .layer(RequestBodyLimitLayer::new(MAX_BODY_BYTES))
            .layer(map_response(with_protective_headers))
    }

    /// Makes the readiness check fail. The service goes on answering requests.
    pub fn announce_stop(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
    }

    /// Returns the metrics as text. It probes the shared store, at most once a second.
    pub async fn metrics_text(&self) -> String {
        let store_is_usable = match &self.store {
            Some((store, _)) => Some(store.is_usable().await),
            None => None,
        };
        self.metrics.text(store_is_usable)
    }

    /// Runs the commands of a login on the shared store, and waits some seconds for a connection. Succeeds without a
    /// shared store.
    ///
    /// # Errors
    /// The [`StoreFailure`], if logins cannot use the store.
    pub async fn check_store(&self) -> Result<(), StoreFailure> {
        match &self.store {
            Some((store, _)) => store.check().await,
            None => Ok(()),
        }
    }
}

/// Admits every request, and reports a wrong number of proxies in the metrics and once in the log, before it shows as
/// 429.
struct ForwardingMonitor {
    proxies: TrustedProxies,
    metrics: Metrics,
}

impl Policy for ForwardingMonitor {
    async fn admit(&self, request: &Parts) -> Result<(), Refusal> {
        if let Some(issue) = self.proxies.forwarding_issue(&request.headers)
            && self.metrics.forwarding_issue(issue)
        {
            let reason = issue.name();
            tracing::warn!(reason, "{}. This is logged once and then only counted", forwarding_advice(issue));
        }
        Ok(())
    }
}

fn health_checks() -> Router<Service> {
    health_check().route(READY_PATH, get(ready).fallback(method_not_allowed))
}

fn human_gate(
    config: HumanCheckConfig,
    proxies: TrustedProxies,
    store: Option<&(Arc<SharedStore>, WhenDown)>,
) -> Result<HumanGate, ServiceError> {
    let check: Arc<dyn HumanCheck> = match config.kind {
        HumanCheckKind::ProofOfWork { secret, cost } => {
            let check = match secret {
                Some(secret) => ProofOfWork::new(secret, cost),
                None => ProofOfWork::with_random_secret(cost).map_err(|_| ServiceError::NoRandomness)?,
            };
            Arc::new(match store {
                None => check,
                Some((store, when_down)) => {
                    let used =
                        SharedStates::new(CHALLENGE_LIFETIME, Arc::clone(store), *when_down).with_kind("challenge");
                    check.with_used_challenges(Arc::new(used))
                }
            })
        }
        HumanCheckKind::SiteVerify { provider, site_key, secret, hostname, verify_url, timeout, pass_when_down } => {
            let check = SiteVerify::new(provider, site_key, secret, hostname, timeout)?;
            let check = check.pass_when_down(pass_when_down);
            Arc::new(match verify_url {
                Some(verify_url) => check.with_verify_url(verify_url),
                None => check,
            })
        }
    };
    let gate = HumanGate::new(check, proxies);
    Ok(match config.free_logins {
        Some(rate) => gate.with_free_logins(rate),
        None => gate,
    })
}

/// Why a service with valid settings cannot be created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceError {
    /// The HTTPS client for the provider of the human check cannot be created.
    HttpClient(HttpClientUnavailable),
    /// The operating system has no random bytes.
    NoRandomness,
}

impl From<HttpClientUnavailable> for ServiceError {
    fn from(reason: HttpClientUnavailable) -> Self {
        Self::HttpClient(reason)
    }
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HttpClient(reason) => write!(f, "HttpClientUnavailable: {reason}"),
            Self::NoRandomness => f.write_str("NoRandomness: the operating system has no random bytes"),
        }
    }
}

impl std::error::Error for ServiceError {}

async fn metrics(State(service): State<Service>) -> ([(HeaderName, &'static str); 1], String) {
    const TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, TYPE)], service.metrics_text().await)
}

async fn ready(State(service): State<Service>) -> (StatusCode, &'static str) {
    if service.is_stopping.load(Ordering::Relaxed) {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
    }
    match &service.store {
        Some((store, when_down)) if !store.is_usable().await => match when_down {
            WhenDown::Local => (StatusCode::OK, "ready, without the shared store\n"),
            WhenDown::Refuse => (StatusCode::SERVICE_UNAVAILABLE, "the shared store is unavailable\n"),
        },
        Some(_) | None => (StatusCode::OK, "ready\n"),
    }
}
