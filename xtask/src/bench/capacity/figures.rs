//! What was measured: docs/capacity.json, whose parts are measured separately. The unit of a figure is in its name;
//! everything is of one login, unless the name says otherwise.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// All parts.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Figures {
    pub(super) machines: Machines,
    pub(super) login: Login,
    pub(super) instances: Vec<Instances>,
    pub(super) redis: RedisAlone,
    pub(super) memory: Memory,
    pub(super) connections: Vec<Connections>,
    pub(super) human_check: HumanCheck,
}

/// The machine of each part: `--only` measures one on another day or another machine than the rest.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Machines {
    pub(super) login: Machine,
    pub(super) instances: Machine,
    pub(super) redis: Machine,
    pub(super) memory: Machine,
    pub(super) connections: Machine,
    pub(super) human_check: Machine,
}

impl Machines {
    /// The machines with the names of their parts on the page.
    pub(super) fn named(&self) -> [(&'static str, &Machine); 6] {
        [
            ("One verifier", &self.login),
            ("Several instances", &self.instances),
            ("One Redis", &self.redis),
            ("Memory", &self.memory),
            ("Connections", &self.connections),
            ("Human checks", &self.human_check),
        ]
    }
}

#[cfg(test)]
impl Machines {
    /// All of them, to change.
    pub(super) fn all(&mut self) -> [&mut Machine; 6] {
        let Machines { login, instances, redis, memory, connections, human_check } = self;
        [login, instances, redis, memory, connections, human_check]
    }
}

/// Where and when a part was measured.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Machine {
    pub(super) date: String,
    pub(super) processor: String,
    pub(super) cores: usize,
    pub(super) load_average: String,
    pub(super) redis: String,
}

/// The processor time of each program, and what the load generator saw.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(super) struct Cost {
    pub(super) verifier_micros: f64,
    pub(super) redis_micros: f64,
    pub(super) generator_micros: f64,
    /// By the clock, on a machine that is not idle.
    pub(super) logins_per_second: f64,
}

/// One verifier.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Login {
    pub(super) connections: u32,
    pub(super) without_redis: Cost,
    pub(super) with_redis: Cost,
    /// Among `other_keys` keys that were in Redis before.
    pub(super) with_full_redis: Cost,
    pub(super) other_keys: u32,
    /// On one connection: the next login begins with the response to the one before.
    pub(super) one_at_a_time: Cost,
    /// Redis commands, also those that scripts call.
    pub(super) redis_commands: BTreeMap<String, f64>,
    pub(super) redis_received_bytes: f64,
    pub(super) redis_sent_bytes: f64,
    /// As a browser sends it through a proxy.
    pub(super) request_bytes: usize,
    pub(super) response_bytes: usize,
    /// In JSON, at the level info.
    pub(super) log_line_bytes: f64,
}

/// Several verifiers on one Redis.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(super) struct Instances {
    pub(super) instances: u32,
    /// Of each instance.
    pub(super) connections: u32,
    pub(super) cost: Cost,
}

/// Redis with the commands of a login and without a verifier, sent by redis-benchmark.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct RedisAlone {
    pub(super) connections: u32,
    pub(super) commands: Vec<CommandCost>,
}

/// A command of a login.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct CommandCost {
    pub(super) name: String,
    /// Each connection waits for its response before it sends the next.
    pub(super) micros: f64,
    /// Each connection sends `PIPELINE` commands at once.
    pub(super) pipelined_micros: f64,
}

/// Memory that logins take.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(super) struct Memory {
    pub(super) redis_empty_bytes: f64,
    pub(super) redis_used_states: f64,
    pub(super) redis_bytes_per_used_state: f64,
    pub(super) redis_rate_limit_keys: f64,
    pub(super) redis_bytes_per_rate_limit_key: f64,
    pub(super) verifier_used_states: f64,
    pub(super) verifier_bytes_per_used_state: f64,
}

/// A verifier's memory with idle connections.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(super) struct Connections {
    pub(super) open: u32,
    pub(super) verifier_kb: u64,
}

/// The proof of work, without Redis and with it.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(super) struct HumanCheck {
    /// PBKDF2 rounds of one attempt.
    pub(super) cost: u32,
    pub(super) solutions: u32,
    /// The page with the challenge.
    pub(super) page_micros: f64,
    pub(super) page_bytes: f64,
    /// The verification of the solution, and the login.
    pub(super) solution_micros: f64,
    /// Of both requests together.
    pub(super) redis_micros: f64,
    /// What a native program needs to solve a challenge.
    pub(super) solver_micros: f64,
}

impl Machine {
    /// Whether figures of both can be compared: everything is the same but what else ran at that minute.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let of =
            |machine: &Self| (machine.date.clone(), machine.processor.clone(), machine.cores, machine.redis.clone());
        of(self) == of(other)
    }
}

impl Cost {
    /// The median of each figure.
    pub(super) fn median(rounds: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| median(rounds.iter().map(figure).collect());
        Self {
            verifier_micros: of(|cost| cost.verifier_micros),
            redis_micros: of(|cost| cost.redis_micros),
            generator_micros: of(|cost| cost.generator_micros),
            logins_per_second: of(|cost| cost.logins_per_second),
        }
    }
}

/// The middle one, or the lower of the two in the middle; 0 of none.
pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len().saturating_sub(1) / 2;
    values.get(middle).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_that_of_each_figure() {
        let cost = |verifier_micros, redis_micros| Cost { verifier_micros, redis_micros, ..Cost::default() };
        assert_eq!(Cost::median(&[cost(3.0, 1.0), cost(1.0, 9.0), cost(2.0, 5.0)]), cost(2.0, 5.0));
        assert_eq!(median(vec![4.0, 1.0]), 1.0);
        assert_eq!(median(vec![]), 0.0);
    }
}
