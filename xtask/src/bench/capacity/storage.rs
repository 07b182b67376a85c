//! Memory: of Redis and of the verifier for what logins leave behind, and of the verifier for idle connections.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::figures::{Connections, Memory};
use super::instance::Starter;
use super::redis::Redis;
use super::wire;
use crate::bench::load::{Addresses, Load};

const SECONDS: u32 = 5;
const CONNECTIONS: u32 = 8;

/// Used states and keys of rate limits.
pub(super) fn memory(starter: &Starter) -> Result<Memory> {
    // The keys of one address's limits are three at most, and the rest are used states.
    let states = redis_growth(
        starter,
        Addresses::One,
        &[("RATE_LIMIT_CLIENT_PER_MINUTE", "1000000000"), ("RATE_LIMIT_CLIENT_BURST", "1000000000")],
    )?;
    // A token a minute: no key of a limit expires meanwhile.
    let limits = redis_growth(
        starter,
        Addresses::Many,
        &[("STATE_REMEMBERED_S", "0"), ("RATE_LIMIT_CLIENT_PER_MINUTE", "1"), ("RATE_LIMIT_NETWORK_PER_MINUTE", "1")],
    )?;
    let (with_states, logins) = verifier_growth(starter, &[])?;
    let (without_states, _) = verifier_growth(starter, &[("STATE_REMEMBERED_S", "0")])?;
    println!("       the verifier grew by {with_states} bytes with used states and {without_states} without");
    Ok(Memory {
        redis_empty_bytes: states.empty_bytes,
        redis_used_states: states.keys,
        redis_bytes_per_used_state: states.bytes / states.keys,
        redis_rate_limit_keys: limits.keys,
        redis_bytes_per_rate_limit_key: limits.bytes / limits.keys,
        verifier_used_states: logins,
        verifier_bytes_per_used_state: (with_states - without_states).max(0.0) / logins,
    })
}

struct Growth {
    /// Of a Redis with a connected verifier and no login.
    empty_bytes: f64,
    bytes: f64,
    keys: f64,
}

fn redis_growth(starter: &Starter, addresses: Addresses, settings: &[(&str, &str)]) -> Result<Growth> {
    let redis = Redis::start()?;
    let server = starter.start(Some(&redis), settings)?;
    let load = Load { seconds: SECONDS, connections: CONNECTIONS, core: None, addresses };
    // Connections and scripts are there before the first login that counts; its keys are gone.
    wire::log_in(&mut wire::connect(&server)?, &wire::request(0))?;
    redis.cli(&["flushall"])?;
    let before = redis.info()?.number("used_memory")?;
    load.run(&server.url, SECONDS)?;
    let bytes = redis.info()?.number("used_memory")? - before;
    let growth = Growth { empty_bytes: before, bytes, keys: redis.keys()? };
    println!("       Redis has {} keys more and {} bytes more", growth.keys, growth.bytes);
    Ok(growth)
}

/// By how many bytes a verifier without Redis grows, and in how many logins.
fn verifier_growth(starter: &Starter, settings: &[(&str, &str)]) -> Result<(f64, f64)> {
    let server = starter.start(None, settings)?;
    let load = Load { seconds: SECONDS, connections: CONNECTIONS, core: None, addresses: Addresses::Many };
    load.run(&server.url, 1)?;
    let before = server.memory_kb()?;
    let logins = load.run(&server.url, SECONDS)?.requests;
    let grown = server.memory_kb()?.saturating_sub(before);
    Ok((grown as f64 * 1024.0, logins))
}

/// The verifier's memory with more and more connections, each of which has had a login and is kept.
pub(super) fn connections(starter: &Starter) -> Result<Vec<Connections>> {
    const STEPS: [u32; 4] = [0, 1000, 5000, 10_000];
    let server = starter.start(None, &[("SERVER_CONNECTIONS", "11000"), ("SERVER_IDLE_TIMEOUT_S", "600")])?;
    // What the first login needs is not for its connection.
    wire::log_in(&mut wire::connect(&server)?, &wire::request(0))?;
    let mut open = Vec::new();
    let mut rows = Vec::new();
    for step in STEPS {
        while open.len() < usize::try_from(step)? {
            let mut stream = wire::connect(&server).with_context(|| {
                format!("the connection after {} failed; `ulimit -n 20000` allows more open files", open.len())
            })?;
            wire::log_in(&mut stream, &wire::request(open.len() + 1))?;
            open.push(stream);
        }
        rows.push(Connections { open: step, verifier_kb: settled(|| server.memory_kb())? });
    }
    println!("       {rows:?}");
    Ok(rows)
}

/// A value once it has been the same for half a second.
fn settled(read: impl Fn() -> Result<u64>) -> Result<u64> {
    let start = Instant::now();
    let mut last = read()?;
    while start.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(500));
        let now = read()?;
        if now == last {
            return Ok(now);
        }
        last = now;
    }
    bail!("the memory changes without a request");
}
