//! What a shop needs, computed from what was measured: nothing here is measured. Every figure of the page that is not in
//! [`Figures`] comes from here.

use super::figures::Figures;

/// The defaults of the verifier's settings on which the model rests. A test compares them with the verifier's README.
pub(super) const STATE_REMEMBERED_S: f64 = 600.0;
pub(super) const CLIENT_PER_MINUTE: f64 = 10.0;
pub(super) const CLIENT_BURST: f64 = 30.0;
pub(super) const NETWORK_PER_MINUTE: f64 = 300.0;
pub(super) const NETWORK_BURST: f64 = 300.0;
pub(super) const GLOBAL_PER_MINUTE: f64 = 3000.0;
pub(super) const SERVER_CONNECTIONS: f64 = 1024.0;
pub(super) const REDIS_TIMEOUT_S: f64 = 0.1;
/// The used states that an instance remembers at least: half of `used_states::CAPACITY`, because it forgets the older
/// half when it is full.
pub(super) const LOCAL_STATES: f64 = 200_000.0;
/// `maxmemory` in deploy/kubernetes/base/redis.yaml.
pub(super) const KUBERNETES_REDIS_BYTES: f64 = 64.0 * 1024.0 * 1024.0;
/// Commands of a login that wait for a response of Redis, one after the other.
pub(super) const ROUND_TRIPS: f64 = 3.0;

/// Assumptions of the model, which an operator may replace by own ones.
#[derive(Clone, Copy, Debug)]
pub(super) struct Assumptions {
    /// The share of its time that a core may be busy, so that a login does not wait for one.
    pub(super) busy: f64,
    /// The busiest second of the year, in means of a day.
    pub(super) peak_to_mean: f64,
    /// The time that a login takes of a connection, with the network to the proxy and to Redis.
    pub(super) seconds_per_login: f64,
}

pub(super) const ASSUMED: Assumptions = Assumptions { busy: 0.5, peak_to_mean: 10.0, seconds_per_login: 0.02 };

/// A million logins a minute.
pub(super) const MILLION_A_MINUTE: f64 = 1_000_000.0 / 60.0;

/// What a peak of logins a second needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Needs {
    pub(super) logins_per_second: f64,
    pub(super) logins_per_day: f64,
    /// Busy cores, of all instances.
    pub(super) verifier_busy: f64,
    /// Cores to have.
    pub(super) verifier_cores: f64,
    /// Of one core.
    pub(super) redis_busy: f64,
    pub(super) used_states: f64,
    pub(super) rate_limit_keys: f64,
    pub(super) redis_bytes: f64,
    /// Logins that an instance is working on.
    pub(super) in_flight: f64,
    pub(super) proxy_bits_per_second: f64,
    pub(super) redis_bits_per_second: f64,
    pub(super) log_bytes_per_day: f64,
}

impl Needs {
    pub(super) fn of(figures: &Figures, assumed: &Assumptions, logins_per_second: f64) -> Self {
        let login = &figures.login;
        let rate = logins_per_second;
        let logins_per_day = rate / assumed.peak_to_mean * SECONDS_PER_DAY;
        let verifier_busy = rate * verifier_micros(figures) / 1e6;
        let keys = rate * rate_limit_keys_seconds();
        let states = rate * STATE_REMEMBERED_S;
        let bytes_of_a_login = (login.request_bytes + login.response_bytes) as f64;
        Self {
            logins_per_second,
            logins_per_day,
            verifier_busy,
            verifier_cores: verifier_busy / assumed.busy,
            redis_busy: rate * redis_micros(figures) / 1e6,
            used_states: states,
            rate_limit_keys: keys,
            redis_bytes: figures.memory.redis_empty_bytes + rate * redis_bytes_per_login_a_second(figures),
            in_flight: rate * assumed.seconds_per_login,
            proxy_bits_per_second: rate * bytes_of_a_login * 8.0,
            redis_bits_per_second: rate * (login.redis_received_bytes + login.redis_sent_bytes) * 8.0,
            log_bytes_per_day: logins_per_day * login.log_line_bytes,
        }
    }
}

/// The dearest of the measured ways: the model must not promise too much.
pub(super) fn verifier_micros(figures: &Figures) -> f64 {
    dearest(figures, |cost| cost.verifier_micros)
}

/// As [`verifier_micros`], also among many keys.
pub(super) fn redis_micros(figures: &Figures) -> f64 {
    dearest(figures, |cost| cost.redis_micros)
}

/// Under load: with several logins at once.
fn dearest(figures: &Figures, of: fn(&super::figures::Cost) -> f64) -> f64 {
    let of_instances = figures.instances.iter().map(|row| of(&row.cost));
    of_instances.chain([of(&figures.login.with_redis), of(&figures.login.with_full_redis)]).fold(0.0, f64::max)
}

/// How long the keys of a login's limits live, added up: a bucket's key lives until the bucket is full again. Of the
/// network it is at most that, because the logins of one network share a key.
pub(super) fn rate_limit_keys_seconds() -> f64 {
    60.0 / CLIENT_PER_MINUTE + 60.0 / NETWORK_PER_MINUTE
}

/// The memory in Redis for each login a second: keys by lifetime by bytes.
pub(super) fn redis_bytes_per_login_a_second(figures: &Figures) -> f64 {
    let memory = &figures.memory;
    STATE_REMEMBERED_S * memory.redis_bytes_per_used_state
        + rate_limit_keys_seconds() * memory.redis_bytes_per_rate_limit_key
}

/// Something that ends at a number of logins a second.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Limit {
    pub(super) logins_per_second: f64,
    pub(super) what: &'static str,
    pub(super) remedy: &'static str,
}

/// What ends first, in this order.
pub(super) fn limits(figures: &Figures) -> Vec<Limit> {
    let limit = |logins_per_second, what, remedy| Limit { logins_per_second, what, remedy };
    let in_kubernetes = (KUBERNETES_REDIS_BYTES - figures.memory.redis_empty_bytes).max(0.0);
    let mut limits = vec![
        limit(
            GLOBAL_PER_MINUTE / 60.0,
            "`rate_limit.global_per_minute`, at its default: shoppers get `GlobalRateLimited`",
            "set it to what the shop can accept",
        ),
        limit(
            LOCAL_STATES / STATE_REMEMBERED_S,
            "memory of used states of one instance without Redis: it forgets them before `state.remembered_s`",
            "Redis, or more instances with it",
        ),
        limit(
            in_kubernetes / redis_bytes_per_login_a_second(figures),
            "`maxmemory 64mb` of `deploy/kubernetes/base/redis.yaml`: Redis evicts keys before they expire",
            "raise `maxmemory` and the container's limit",
        ),
        limit(
            SERVER_CONNECTIONS / (ROUND_TRIPS * REDIS_TIMEOUT_S),
            "`server.connections` of one instance, at its default, while every response of Redis takes almost \
             `redis.timeout_ms`",
            "more instances, or a Redis that is near",
        ),
        limit(
            1e6 / redis_micros(figures),
            "one Redis: its thread is always busy",
            "see [Beyond one Redis](#beyond-one-redis)",
        ),
        limit(
            1e6 / verifier_micros(figures),
            "one core of verifiers with Redis: it is always busy",
            "more instances or cores",
        ),
    ];
    limits.sort_by(|left, right| left.logins_per_second.total_cmp(&right.logins_per_second));
    limits
}

const SECONDS_PER_DAY: f64 = 86_400.0;
