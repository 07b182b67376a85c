//! `cargo xtask bench capacity`: what a login costs the verifier and Redis, and what follows for a shop. It counts processor
//! time, bytes and commands, which other processes of the machine distort much less than rates by the clock.
//!
//! Each part is measured separately and stored in docs/capacity.json (`figures`). From that alone come the sections of
//! docs/capacity.md (`page`), with what `model` computes; a test holds the two files together.

mod commands;
mod figures;
mod human_check;
mod instance;
mod logins;
mod model;
mod page;
mod redis;
mod storage;
mod units;
mod wire;

use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use serde_json::{Map, Value};

use self::figures::{Figures, Machine};
use self::instance::Starter;
use super::process::load_average;
use super::verifier;
use crate::{programs, setup, workspace};

/// Options of `cargo xtask bench capacity`.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Measure only these parts, separated by commas [default: all]
    #[arg(long, value_delimiter = ',')]
    only: Vec<Part>,
    /// Measure nothing: write the page again from docs/capacity.json
    #[arg(long, conflicts_with = "only")]
    write: bool,
}

/// What is measured separately, each in less than two minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    Login,
    Instances,
    Redis,
    Memory,
    Connections,
    HumanCheck,
}

impl Part {
    /// Its member of docs/capacity.json.
    fn member(self) -> &'static str {
        match self {
            Part::Login => "login",
            Part::Instances => "instances",
            Part::Redis => "redis",
            Part::Memory => "memory",
            Part::Connections => "connections",
            Part::HumanCheck => "human_check",
        }
    }

    fn measure(self, starter: &Starter) -> Result<Value> {
        let value = match self {
            Part::Login => serde_json::to_value(logins::one_verifier(starter)?),
            Part::Instances => serde_json::to_value(logins::several_verifiers(starter)?),
            Part::Redis => serde_json::to_value(commands::alone(starter)?),
            Part::Memory => serde_json::to_value(storage::memory(starter)?),
            Part::Connections => serde_json::to_value(storage::connections(starter)?),
            Part::HumanCheck => serde_json::to_value(human_check::proof_of_work(starter)?),
        };
        value.context("cannot write what was measured")
    }
}

/// Measures, stores the figures and writes the page.
pub(crate) fn run(options: &Options) -> Result<()> {
    let mut figures = read()?;
    if !options.write {
        let node = setup::for_bench_with_redis()?;
        verifier::build(&[human_check::SOLVER])?;
        let starter = Starter::new(verifier::throwaway_access_key(&node)?)?;
        let parts = if options.only.is_empty() { Part::value_variants() } else { &options.only };
        for part in parts {
            println!("bench: {}", part.member());
            let measured = part.measure(&starter)?;
            let machine = serde_json::to_value(machine()?).context("cannot write the machine's name")?;
            store(&mut figures, *part, measured, machine)?;
            // After each part, so that one that fails loses none of the others.
            write(FIGURES, &(serde_json::to_string_pretty(&figures).context("cannot write the figures")? + "\n"))?;
        }
    }
    let figures: Figures = serde_json::from_value(Value::Object(figures))
        .with_context(|| format!("{FIGURES} lacks a part: run `cargo xtask bench capacity` without --only"))?;
    write(PAGE, &page::updated(&read_file(PAGE)?, &figures)?)
}

/// Stores what was measured of a part with its machine. The others keep theirs.
fn store(figures: &mut Map<String, Value>, part: Part, measured: Value, machine: Value) -> Result<()> {
    figures.insert(part.member().to_owned(), measured);
    let machines = figures.entry("machines").or_insert_with(|| Value::Object(Map::new()));
    let machines = machines.as_object_mut().with_context(|| format!("`machines` in {FIGURES} is no object"))?;
    machines.insert(part.member().to_owned(), machine);
    Ok(())
}

/// The figures of earlier runs; none before the first.
fn read() -> Result<Map<String, Value>> {
    if !workspace::root().join(FIGURES).exists() {
        return Ok(Map::new());
    }
    match serde_json::from_str(&read_file(FIGURES)?) {
        Ok(Value::Object(figures)) => Ok(figures),
        Ok(_) | Err(_) => bail!("{FIGURES} is no JSON object"),
    }
}

fn read_file(name: &str) -> Result<String> {
    std::fs::read_to_string(workspace::root().join(name)).with_context(|| format!("cannot read {name}"))
}

fn write(name: &str, text: &str) -> Result<()> {
    std::fs::write(workspace::root().join(name), text).with_context(|| format!("cannot write {name}"))?;
    println!("bench: written to {name}");
    Ok(())
}

fn machine() -> Result<Machine> {
    let processors = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    Ok(Machine {
        date: programs::output(Command::new("date").args(["-u", "+%F"])).context("cannot run date")?,
        processor: model.map_or("an unknown model", |(_, model)| model.trim()).to_owned(),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        load_average: load_average(),
        redis: redis::Redis::start()?.info()?.text("redis_version")?.to_owned(),
    })
}

const FIGURES: &str = "docs/capacity.json";
const PAGE: &str = "docs/capacity.md";

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn stored() -> Figures {
        serde_json::from_value(Value::Object(read().unwrap())).unwrap()
    }

    #[test]
    fn the_page_says_what_was_measured_and_what_follows_from_it() {
        let page = read_file(PAGE).unwrap();
        let updated = page::updated(&page, &stored()).unwrap();
        assert!(page == updated, "docs/capacity.md is out of date: run `cargo xtask bench capacity --write`");
    }

    #[test]
    fn a_part_that_is_measured_alone_changes_nothing_of_the_others() {
        let mut figures = read().unwrap();
        let before = figures.clone();
        store(&mut figures, Part::Redis, Value::Null, Value::from("another machine")).unwrap();
        assert_eq!(figures["machines"]["redis"], "another machine");
        for part in Part::value_variants().iter().filter(|part| **part != Part::Redis) {
            let name = part.member();
            assert_eq!(figures["machines"][name], before["machines"][name], "{name}");
            assert_eq!(figures[name], before[name], "{name}");
        }
    }

    #[test]
    fn the_model_is_rate_by_cost_and_keys_are_rate_by_lifetime() {
        let figures = stored();
        let need = model::Needs::of(&figures, &model::ASSUMED, 100.0);
        let near = |value: f64, expected: f64| assert!((value / expected - 1.0).abs() < 1e-9, "{value} {expected}");
        near(need.verifier_cores, 2.0 * 100.0 * model::verifier_micros(&figures) / 1e6);
        near(need.redis_busy, 100.0 * model::redis_micros(&figures) / 1e6);
        near(need.used_states, 60_000.0);
        near(need.rate_limit_keys, 620.0);
        let memory = &figures.memory;
        near(
            need.redis_bytes - memory.redis_empty_bytes,
            60_000.0 * memory.redis_bytes_per_used_state + 620.0 * memory.redis_bytes_per_rate_limit_key,
        );
        near(need.logins_per_day, 864_000.0);
        near(need.log_bytes_per_day, 864_000.0 * figures.login.log_line_bytes);
        near(need.in_flight, 2.0);
        // Linear, apart from the memory of an empty Redis.
        let ten_times = model::Needs::of(&figures, &model::ASSUMED, 1000.0);
        near(ten_times.proxy_bits_per_second, 10.0 * need.proxy_bits_per_second);
        near(ten_times.redis_bits_per_second, 10.0 * need.redis_bits_per_second);
    }

    #[test]
    fn the_limits_are_where_the_model_reaches_them() {
        let figures = stored();
        let limits = model::limits(&figures);
        assert!(limits.is_sorted_by(|left, right| left.logins_per_second <= right.logins_per_second));
        let of = |what: &str| limits.iter().find(|limit| limit.what.contains(what)).unwrap().logins_per_second;
        let at = |rate| model::Needs::of(&figures, &model::ASSUMED, rate);
        assert!((at(of("one Redis")).redis_busy - 1.0).abs() < 1e-9);
        assert!((at(of("one core")).verifier_busy - 1.0).abs() < 1e-9);
        assert!((at(of("maxmemory")).redis_bytes / model::KUBERNETES_REDIS_BYTES - 1.0).abs() < 1e-9);
    }

    /// The model repeats defaults of the verifier, which this crate does not compile.
    #[test]
    fn the_defaults_of_the_model_are_those_of_the_verifier() {
        let settings = read_file("crates/verifier/README.md").unwrap();
        let default = |name: &str| -> f64 {
            let row = settings.lines().find(|line| line.starts_with(&format!("| `{name}` |"))).unwrap();
            row.split('|').nth(3).unwrap().trim().trim_matches('`').parse().unwrap()
        };
        for (name, value) in [
            ("state.remembered_s", model::STATE_REMEMBERED_S),
            ("rate_limit.client_per_minute", model::CLIENT_PER_MINUTE),
            ("rate_limit.client_burst", model::CLIENT_BURST),
            ("rate_limit.network_per_minute", model::NETWORK_PER_MINUTE),
            ("rate_limit.network_burst", model::NETWORK_BURST),
            ("rate_limit.global_per_minute", model::GLOBAL_PER_MINUTE),
            ("server.connections", model::SERVER_CONNECTIONS),
            ("redis.timeout_ms", model::REDIS_TIMEOUT_S * 1000.0),
        ] {
            assert_eq!(default(name), value, "{name}");
        }
        assert!(read_file("deploy/kubernetes/base/redis.yaml").unwrap().contains("\"--maxmemory\", \"64mb\""));
        let states = read_file("crates/verifier/src/used_states.rs").unwrap();
        assert!(states.contains("pub const CAPACITY: usize = 400_000;") && model::LOCAL_STATES == 400_000.0 / 2.0);
    }
}
