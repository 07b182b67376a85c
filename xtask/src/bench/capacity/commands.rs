//! Redis alone: the commands of a login as a verifier sends them, repeated by `redis-benchmark` without a verifier.

use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::figures::{CommandCost, RedisAlone};
use super::instance::Starter;
use super::redis::Redis;
use super::wire;
use crate::{programs, workspace};

const CONNECTIONS: u32 = 24;
/// Commands that a connection sends before it waits for a response.
pub(super) const PIPELINE: u32 = 16;
const CALLS: u32 = 100_000;

/// The processor time of each command.
pub(super) fn alone(starter: &Starter) -> Result<RedisAlone> {
    let redis = Redis::start()?;
    let commands = sent_by_a_login(starter, &redis)?;
    let mut costs = Vec::new();
    for words in &commands {
        let micros = repeated(&redis, words, 1)?;
        let pipelined_micros = repeated(&redis, words, PIPELINE)?;
        let cost = CommandCost { name: name(words), micros, pipelined_micros };
        println!("       {cost:.1?}");
        costs.push(cost);
    }
    Ok(RedisAlone { connections: CONNECTIONS, commands: costs })
}

/// Sends a command with other keys each time; returns microseconds of Redis's processor time.
fn repeated(redis: &Redis, words: &[String], pipeline: u32) -> Result<f64> {
    let mut command = std::process::Command::new("redis-benchmark");
    command.args(["-h", "127.0.0.1", "-p", &redis.port.to_string(), "-q", "-r", "1000000000"]);
    command.args(["-c", &CONNECTIONS.to_string(), "-n", &CALLS.to_string(), "-P", &pipeline.to_string()]).args(words);
    let before = redis.server.processor_micros()?;
    let text = programs::output(&mut command).context("redis-benchmark failed")?;
    if text.contains("rror") {
        bail!("Redis refused a command: {text}");
    }
    Ok((redis.server.processor_micros()? - before) / f64::from(CALLS))
}

/// The commands of one login, with a placeholder for a number in the place of what differs between logins.
fn sent_by_a_login(starter: &Starter, redis: &Redis) -> Result<Vec<Vec<String>>> {
    let server = starter.start(Some(redis), &[])?;
    let mut stream = wire::connect(&server)?;
    // The scripts are in Redis before it is watched.
    wire::log_in(&mut stream, &wire::request(0))?;
    let folder = workspace::scratch("monitor")?;
    let file = folder.join("monitor");
    let output = std::fs::File::create(&file).with_context(|| format!("cannot create {}", file.display()))?;
    let mut monitor = redis.cli_command().arg("monitor").stdout(output).stderr(Stdio::null()).spawn()?;
    let start = Instant::now();
    let mut number = 0;
    let commands = loop {
        // MONITOR may begin after a login: then the next one is watched.
        number += 1;
        wire::log_in(&mut stream, &wire::request(number))?;
        std::thread::sleep(Duration::from_millis(100));
        let commands = commands_of(&std::fs::read_to_string(&file)?, &wire::state(number));
        if commands.len() == COMMANDS || start.elapsed() > Duration::from_secs(20) {
            break commands;
        }
    };
    let _ = monitor.kill();
    let _ = monitor.wait();
    workspace::remove(&folder)?;
    if commands.len() != COMMANDS {
        bail!("a login sent {} commands to Redis: {commands:?}", commands.len());
    }
    Ok(commands)
}

/// Both buckets of a client, the global bucket, the used state.
const COMMANDS: usize = 3;

/// The last commands up to the one that marks `state`, from the lines of MONITOR:
/// `1700000000.123 [0 127.0.0.1:4711] "SET" "key"`. Those of scripts have `lua` in the place of the address.
fn commands_of(monitored: &str, state: &str) -> Vec<Vec<String>> {
    let sent = monitored.lines().filter(|line| !line.contains(" lua] "));
    let commands: Vec<Vec<String>> = sent
        .map(|line| line.split('"').skip(1).step_by(2).map(|word| with_placeholder(word, state)).collect())
        .filter(|words: &Vec<String>| words.first().is_some_and(|word| word == "EVALSHA" || word == "SET"))
        .collect();
    let Some(end) = commands.iter().position(|words| words.iter().any(|word| word.contains(STATE))) else {
        return Vec::new();
    };
    commands.get((end + 1).saturating_sub(COMMANDS)..=end).unwrap_or_default().to_vec()
}

/// redis-benchmark puts a random number of 12 digits in the place of `__rand_int__`.
const NUMBER: &str = "__rand_int__";
const STATE: &str = "areq_0000000000000000000__rand_int__";

fn with_placeholder(word: &str, state: &str) -> String {
    let word = word.replace(state, STATE);
    let kind = [":client:", ":network:"].into_iter().find_map(|kind| Some((word.split_once(kind)?.0, kind)));
    kind.map(|(prefix, kind)| format!("{prefix}{kind}{NUMBER}")).unwrap_or(word)
}

/// What a command is for.
fn name(words: &[String]) -> String {
    let has = |part: &str| words.iter().any(|word| word.contains(part));
    let name = match () {
        () if has(":client:") => "`EVALSHA`: buckets of the client and its network",
        () if has(":global") => "`EVALSHA`: global bucket",
        () => "`SET`: used state",
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_of_a_login_are_found_and_get_placeholders() {
        let state = wire::state(7);
        let monitored = format!(
            "OK\n1.5 [0 127.0.0.1:1] \"SET\" \"{{p}}:state:{other}\" \"1\"\n\
             1.5 [0 127.0.0.1:1] \"EVALSHA\" \"abc\" \"2\" \"{{p}}:client:203.0.113.200\" \"{{p}}:network:203.0.113.0\" \"6\"\n\
             1.6 [0 lua] \"SET\" \"{{p}}:client:203.0.113.200\" \"1\"\n\
             1.7 [0 127.0.0.1:1] \"EVALSHA\" \"abc\" \"1\" \"{{p}}:global\" \"6\"\n\
             1.8 [0 127.0.0.1:1] \"SET\" \"{{p}}:state:{state}\" \"1\" \"NX\"\n",
            other = wire::state(6),
        );
        let commands = commands_of(&monitored, &state);
        let text: Vec<String> = commands.iter().map(|words| words.join(" ")).collect();
        assert_eq!(
            text,
            [
                "EVALSHA abc 2 {p}:client:__rand_int__ {p}:network:__rand_int__ 6".to_owned(),
                "EVALSHA abc 1 {p}:global 6".to_owned(),
                format!("SET {{p}}:state:{STATE} 1 NX"),
            ]
        );
        let names: Vec<String> = commands.iter().map(|words| name(words)).collect();
        assert!(names[0].contains("client") && names[1].contains("global") && names[2].contains("used state"));
        assert!(commands_of("OK\n", &state).is_empty());
    }

    #[test]
    fn the_placeholder_of_a_state_has_its_length() {
        assert_eq!(STATE.replace(NUMBER, "000000000007"), wire::state(7));
    }
}
