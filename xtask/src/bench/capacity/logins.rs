//! The processor time of a login, of one verifier and of several on one Redis.

use anyhow::{Context, Result, bail};

use super::figures::{Cost, Instances, Login};
use super::instance::Starter;
use super::redis::Redis;
use super::wire;
use crate::bench::load::{Addresses, Load, Measured};
use crate::bench::process::{Server, micros_of_ended_processes};

/// Rounds of all configurations, so that a busy minute of the machine is one round of each.
const ROUNDS: usize = 3;
const SECONDS: u32 = 3;
const WARM_UP_SECONDS: u32 = 1;
/// Of each verifier: how many logins are at once there decides how many commands Redis gets at once on a connection.
const CONNECTIONS: u32 = 24;
const OTHER_KEYS: u32 = 2_000_000;
/// Keys expire as fast as they come after the warm-up, as they do in the long run.
const SETTINGS: [(&str, &str); 1] = [("STATE_REMEMBERED_S", "1")];

/// What is running while it is measured.
#[derive(Clone, Copy, Debug)]
struct Configuration {
    has_redis: bool,
    instances: u32,
    /// Of each instance.
    connections: u32,
    other_keys: u32,
}

const ONE: Configuration = Configuration { has_redis: true, instances: 1, connections: CONNECTIONS, other_keys: 0 };

/// One verifier: without Redis, with it, with one that has many keys, and with one login at a time.
pub(super) fn one_verifier(starter: &Starter) -> Result<Login> {
    let configurations = [
        Configuration { has_redis: false, ..ONE },
        ONE,
        Configuration { other_keys: OTHER_KEYS, ..ONE },
        Configuration { connections: 1, ..ONE },
    ];
    let [without_redis, with_redis, with_full_redis, one_at_a_time] = measured(starter, configurations)?;
    let exchange = wire::exchange(starter)?;
    let traffic = wire::redis_traffic(starter)?;
    Ok(Login {
        connections: CONNECTIONS,
        without_redis,
        with_redis,
        with_full_redis,
        other_keys: OTHER_KEYS,
        one_at_a_time,
        redis_commands: traffic.commands,
        redis_received_bytes: traffic.received_bytes,
        redis_sent_bytes: traffic.sent_bytes,
        request_bytes: exchange.request_bytes,
        response_bytes: exchange.response_bytes,
        log_line_bytes: exchange.log_line_bytes,
    })
}

/// One to four verifiers on one Redis, with as many logins at once on each.
pub(super) fn several_verifiers(starter: &Starter) -> Result<Vec<Instances>> {
    let numbers = [1, 2, 3, 4];
    let costs = measured(starter, numbers.map(|instances| Configuration { instances, ..ONE }))?;
    let rows = numbers.into_iter().zip(costs);
    Ok(rows.map(|(instances, cost)| Instances { instances, connections: CONNECTIONS, cost }).collect())
}

fn measured<const N: usize>(starter: &Starter, configurations: [Configuration; N]) -> Result<[Cost; N]> {
    let mut rounds = [const { Vec::new() }; N];
    for round in 1..=ROUNDS {
        for (configuration, costs) in configurations.iter().zip(&mut rounds) {
            let cost = measure(starter, configuration)?;
            println!("       round {round}, {configuration:?}: {cost:.1?}");
            costs.push(cost);
        }
    }
    Ok(rounds.map(|costs| Cost::median(&costs)))
}

fn measure(starter: &Starter, configuration: &Configuration) -> Result<Cost> {
    let Configuration { has_redis, instances, connections, other_keys } = *configuration;
    let redis = has_redis.then(Redis::start).transpose()?;
    if let Some(redis) = &redis
        && other_keys > 0
    {
        redis.populate(other_keys)?;
    }
    let servers: Vec<Server> =
        (0..instances).map(|_| starter.start(redis.as_ref(), &SETTINGS)).collect::<Result<_>>()?;
    let load = Load { seconds: SECONDS, connections, core: None, addresses: Addresses::Many };
    all_at_once(&load, &servers, WARM_UP_SECONDS)?;
    let before = Counts::read(&servers, redis.as_ref())?;
    let measured = all_at_once(&load, &servers, SECONDS)?;
    let after = Counts::read(&servers, redis.as_ref())?;
    let logins: f64 = measured.iter().map(|measured| measured.requests).sum();
    if has_redis {
        // Two buckets of the client, and the global one. wrk does not count its last requests.
        let scripts = (after.scripts - before.scripts) / 2.0;
        if (scripts - logins).abs() > 0.01 * logins + f64::from(connections * instances) {
            bail!("{logins} logins ran {scripts} pairs of scripts: not all of them used Redis");
        }
    }
    Ok(Cost {
        verifier_micros: (after.verifiers - before.verifiers) / logins,
        redis_micros: (after.redis - before.redis) / logins,
        generator_micros: (after.generators - before.generators) / logins,
        logins_per_second: measured.iter().map(|measured| measured.rate).sum(),
    })
}

/// One load generator for each server, all in the same seconds.
fn all_at_once(load: &Load, servers: &[Server], seconds: u32) -> Result<Vec<Measured>> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = servers.iter().map(|server| scope.spawn(|| load.run(&server.url, seconds))).collect();
        threads.into_iter().map(|thread| thread.join().ok().context("a load generator panicked")?).collect()
    })
}

/// Processor time in microseconds, and calls of scripts, since the start.
#[derive(Debug)]
struct Counts {
    verifiers: f64,
    redis: f64,
    generators: f64,
    scripts: f64,
}

impl Counts {
    fn read(servers: &[Server], redis: Option<&Redis>) -> Result<Self> {
        let verifiers = servers.iter().map(Server::processor_micros).sum::<Result<f64>>()?;
        let scripts = match redis {
            Some(redis) => redis.info()?.calls().get("evalsha").copied().unwrap_or_default(),
            None => 0.0,
        };
        let redis = redis.map_or(Ok(0.0), |redis| redis.server.processor_micros())?;
        // Last: `redis-cli` is a process that has ended, too. Its hundredth of a second is noise beside a generator.
        Ok(Self { verifiers, redis, generators: micros_of_ended_processes()?, scripts })
    }
}
