//! The sections of docs/capacity.md that are written by the benchmark: tables of what was measured, and of what
//! [`model`] computes from it. People write what is around them.

use std::fmt::Write;

use anyhow::{Context, Result};

use super::commands::PIPELINE;
use super::figures::{Cost, Figures, Machine};
use super::model::{self, ASSUMED, MILLION_A_MINUTE, Needs};
use super::units::{bits, bytes, micros, number};
use crate::sections;

/// The page with every section anew.
pub(super) fn updated(page: &str, figures: &Figures) -> Result<String> {
    let mut page = page.to_owned();
    for (name, section) in all(figures) {
        let marks = [format!("<!-- measured: {name} -->\n"), format!("<!-- /measured: {name} -->\n")];
        let [start, end] = &marks;
        page = sections::replaced(&page, (start, end), &section)
            .with_context(|| format!("docs/capacity.md lacks the markers of the section {name:?}"))?;
    }
    Ok(page)
}

/// The sections by the names in their markers.
fn all(figures: &Figures) -> [(&'static str, String); 12] {
    [
        ("machine", machine(figures)),
        ("login", login(figures)),
        ("traffic", traffic(figures)),
        ("instances", instances(figures)),
        ("redis", redis(figures)),
        ("memory", memory(figures)),
        ("connections", connections(figures)),
        ("human-check", human_check(figures)),
        ("limits", limits(figures)),
        ("assumptions", assumptions()),
        ("shops", shops(figures)),
        ("million", million(figures)),
    ]
}

fn machine(figures: &Figures) -> String {
    let mut groups: Vec<(Vec<&str>, Vec<&Machine>)> = Vec::new();
    for (part, machine) in figures.machines.named() {
        match groups.iter_mut().find(|(_, machines)| machines.iter().all(|other| other.is_like(machine))) {
            Some((parts, machines)) => {
                parts.push(part);
                machines.push(machine);
            }
            None => groups.push((vec![part], vec![machine])),
        }
    }
    let mut text = String::new();
    for (parts, machines) in &groups {
        if groups.len() > 1 {
            let _ = write!(text, "- {}: ", parts.join(", "));
        }
        text += &measured_on(machines);
    }
    text += if groups.len() > 1 { "\n" } else { "" };
    text + "Verifiers, Redis and load generators shared these cores and the loopback network.\n"
}

/// Where and when parts were measured, on machines that are alike.
fn measured_on(machines: &[&Machine]) -> String {
    let Some(machine) = machines.first() else { return String::new() };
    let mut loads: Vec<&str> = machines.iter().map(|machine| machine.load_average.as_str()).collect();
    let value = |load: &str| load.parse().unwrap_or(f64::NAN);
    loads.sort_by(|one, other| value(one).total_cmp(&value(other)));
    loads.dedup();
    let load = match loads.as_slice() {
        [lowest, .., highest] => format!("{lowest} to {highest}"),
        loads => loads.concat(),
    };
    format!(
        "Measured on {date}, on a virtual machine with {cores} cores of {processor} that other processes also used (load \
         average {load}), with Redis {redis}.\n",
        date = machine.date,
        cores = machine.cores,
        processor = machine.processor,
        redis = machine.redis,
    )
}

const COSTS: &str = "| Processor time of a login | Verifier | Redis | Load generator | Logins a second, by the clock |\n\
                     |---|---:|---:|---:|---:|\n";

fn costs(name: &str, cost: &Cost) -> String {
    let of_redis = if cost.redis_micros > 0.0 { micros(cost.redis_micros) } else { "–".to_owned() };
    format!(
        "| {name} | {} | {of_redis} | {} | {} |\n",
        micros(cost.verifier_micros),
        micros(cost.generator_micros),
        number(cost.logins_per_second)
    )
}

fn login(figures: &Figures) -> String {
    let login = &figures.login;
    let at_once = format!("{} logins at once", login.connections);
    let mut text = COSTS.to_owned();
    text += &costs(&format!("without Redis, {at_once}"), &login.without_redis);
    text += &costs(&format!("with Redis, {at_once}"), &login.with_redis);
    let keys = f64::from(login.other_keys);
    text += &costs(&format!("the same, among {} other keys in Redis", number(keys)), &login.with_full_redis);
    text += &costs("with Redis, one login at a time", &login.one_at_a_time);
    text
}

fn traffic(figures: &Figures) -> String {
    let login = &figures.login;
    let commands: Vec<String> = login
        .redis_commands
        .iter()
        .map(|(name, calls)| format!("{} `{}`", number(*calls).trim_end_matches(".00"), name.to_uppercase()))
        .collect();
    format!(
        "| Of one login | |\n|---|---:|\n\
         | request of a browser, as the proxy forwards it | {request} bytes |\n\
         | response | {response} bytes |\n\
         | sent to Redis | {received:.0} bytes |\n\
         | received from Redis | {sent:.0} bytes |\n\
         | log line (`log.format = \"json\"`, `log.level = \"info\"`) | {line:.0} bytes |\n\
         | Redis commands, with those in scripts | {commands} |\n",
        request = login.request_bytes,
        response = login.response_bytes,
        received = login.redis_received_bytes,
        sent = login.redis_sent_bytes,
        line = login.log_line_bytes,
        commands = commands.join(", "),
    )
}

fn instances(figures: &Figures) -> String {
    let mut text = COSTS.to_owned();
    for row in &figures.instances {
        let name = if row.instances == 1 { "1 verifier" } else { &format!("{} verifiers", row.instances) };
        text += &costs(name, &row.cost);
    }
    if let (Some(first), Some(last)) = (figures.instances.first(), figures.instances.last()) {
        let ratio = |of: fn(&Cost) -> f64| of(&last.cost) / of(&first.cost);
        let _ = write!(
            text,
            "\n{connections} logins at once on each verifier. From {one} to {many} verifiers, the \
             processor time of Redis for a login changes by the factor {redis:.2}, and that of the verifiers by \
             {verifier:.2}.\n",
            connections = first.connections,
            one = first.instances,
            many = last.instances,
            redis = ratio(|cost| cost.redis_micros),
            verifier = ratio(|cost| cost.verifier_micros),
        );
    }
    text
}

fn redis(figures: &Figures) -> String {
    let alone = &figures.redis;
    let mut text = format!(
        "| Redis's processor time of a command, sent on {} connections | One at a time on each | {PIPELINE} at once on each |\n\
         |---|---:|---:|\n",
        alone.connections
    );
    let (mut single, mut pipelined) = (0.0, 0.0);
    for command in &alone.commands {
        single += command.micros;
        pipelined += command.pipelined_micros;
        let _ =
            writeln!(text, "| {} | {} | {} |", command.name, micros(command.micros), micros(command.pipelined_micros));
    }
    let _ = writeln!(text, "| **a login** | **{}** | **{}** |", micros(single), micros(pipelined));
    let used = model::redis_micros(figures);
    let _ = write!(
        text,
        "\nA core that runs only Redis has time for {} to {} logins a second by this table. The model uses the highest cost that \
         was measured with verifiers and {} logins at once, {}: **{}** logins a second.\n",
        number(1e6 / single),
        number(1e6 / pipelined),
        figures.login.connections,
        micros(used),
        number(1e6 / used),
    );
    text
}

fn memory(figures: &Figures) -> String {
    let memory = &figures.memory;
    format!(
        "| What | Where | Bytes | Lifetime | Measured over |\n|---|---|---:|---|---:|\n\
         | used state | Redis | {state:.0} | `state.remembered_s`, {remembered:.0} s | {states} states |\n\
         | bucket of a client or a network | Redis | {bucket:.0} | until it is full again: {client:.0} s after one \
         login of a client, {client_most:.0} s at most; for a network {network:.1} s and {network_most:.0} s | {buckets} buckets |\n\
         | used state | verifier | {local:.1} | one to two times `state.remembered_s` | {local_states} states |\n",
        state = memory.redis_bytes_per_used_state,
        remembered = model::STATE_REMEMBERED_S,
        states = number(memory.redis_used_states),
        bucket = memory.redis_bytes_per_rate_limit_key,
        client = 60.0 / model::CLIENT_PER_MINUTE,
        client_most = 60.0 / model::CLIENT_PER_MINUTE * model::CLIENT_BURST,
        network = 60.0 / model::NETWORK_PER_MINUTE,
        network_most = 60.0 / model::NETWORK_PER_MINUTE * model::NETWORK_BURST,
        buckets = number(memory.redis_rate_limit_keys),
        local = memory.verifier_bytes_per_used_state,
        local_states = number(memory.verifier_used_states),
    )
}

fn connections(figures: &Figures) -> String {
    let mut text = "| Idle connections | Memory of the verifier | For each |\n|---:|---:|---:|\n".to_owned();
    let empty = figures.connections.first().map_or(0, |row| row.verifier_kb);
    for row in &figures.connections {
        let grown = row.verifier_kb.saturating_sub(empty) as f64 * 1024.0;
        let each = if row.open == 0 { "–".to_owned() } else { bytes(grown / f64::from(row.open)) };
        let total = bytes(row.verifier_kb as f64 * 1024.0);
        let _ = writeln!(text, "| {} | {total} | {each} |", number(f64::from(row.open)));
    }
    text
}

fn human_check(figures: &Figures) -> String {
    let (check, plain) = (&figures.human_check, &figures.login.one_at_a_time);
    let both = check.page_micros + check.solution_micros;
    format!(
        "| Processor time, one login at a time | Verifier | Redis |\n|---|---:|---:|\n\
         | a login without a human check | {plain} | {plain_redis} |\n\
         | the page with the challenge ({page_bytes}) | {page} | |\n\
         | the solution and the login | {solution} | |\n\
         | **a login with proof of work** | **{both}** | **{redis}** |\n\n\
         That is {times:.1} times the verifier's and {redis_times:.1} times Redis's processor time of a login without a check, \
         with `human_check.cost = {cost}`, over {solutions} logins. A native program needs {solver} ms of processor time to solve \
         one, {ratio} times as much as the verifier for the whole login.\n",
        plain = micros(plain.verifier_micros),
        plain_redis = micros(plain.redis_micros),
        page_bytes = bytes(check.page_bytes),
        page = micros(check.page_micros),
        solution = micros(check.solution_micros),
        both = micros(both),
        redis = micros(check.redis_micros),
        times = both / plain.verifier_micros,
        redis_times = check.redis_micros / plain.redis_micros,
        cost = check.cost,
        solutions = check.solutions,
        solver = number(check.solver_micros / 1000.0),
        ratio = number(check.solver_micros / both),
    )
}

fn limits(figures: &Figures) -> String {
    let mut text = "| Logins a second | What reaches its limit | What to do |\n|---:|---|---|\n".to_owned();
    for limit in model::limits(figures) {
        let _ = writeln!(text, "| {} | {} | {} |", number(limit.logins_per_second), limit.what, limit.remedy);
    }
    text
}

fn assumptions() -> String {
    format!(
        "| Assumption | Value |\n|---|---:|\n\
         | a core is busy at most, so that logins do not queue for it | {busy:.0} % |\n\
         | the busiest second of the year has, in means of a day | {peak:.0} times the logins |\n\
         | a login occupies a connection for | {milliseconds:.0} ms |\n\
         | used states are remembered for (`state.remembered_s`, default) | {remembered:.0} s |\n\
         | each login is from another client, whose buckets in Redis live for | {buckets:.1} s |\n",
        busy = ASSUMED.busy * 100.0,
        peak = ASSUMED.peak_to_mean,
        milliseconds = ASSUMED.seconds_per_login * 1000.0,
        remembered = model::STATE_REMEMBERED_S,
        buckets = model::rate_limit_keys_seconds(),
    )
}

fn shops(figures: &Figures) -> String {
    let needs = [1.0, 10.0, 100.0, 1000.0, MILLION_A_MINUTE].map(|rate| Needs::of(figures, &ASSUMED, rate));
    let mut text = "| Logins a second, at the peak |".to_owned();
    for need in &needs {
        let _ = write!(text, " {} |", number(need.logins_per_second).trim_end_matches(".00").trim_end_matches(".0"));
    }
    text += "\n|---|---:|---:|---:|---:|---:|\n";
    let mut row = |name: &str, of: &dyn Fn(&Needs) -> String| {
        let cells: String = needs.iter().map(|need| format!(" {} |", of(need))).collect();
        let _ = writeln!(text, "| {name} |{cells}");
    };
    row("logins a day", &|need| number(need.logins_per_day));
    row("`rate_limit.global_per_minute`, at least", &|need| number(need.logins_per_second * 60.0));
    row("cores of verifiers", &|need| number(need.verifier_cores));
    row("Redis's thread is busy", &|need| format!("{} %", number(need.redis_busy * 100.0)));
    row("keys in Redis", &|need| number(need.used_states + need.rate_limit_keys));
    row("memory of Redis", &|need| bytes(need.redis_bytes));
    row("logins in flight", &|need| number(need.in_flight));
    row("network, proxy and verifiers", &|need| bits(need.proxy_bits_per_second));
    row("network, verifiers and Redis", &|need| bits(need.redis_bits_per_second));
    row("log a day", &|need| bytes(need.log_bytes_per_day));
    text
}

/// The arithmetic of the last column.
fn million(figures: &Figures) -> String {
    let need = Needs::of(figures, &ASSUMED, MILLION_A_MINUTE);
    let (login, memory) = (&figures.login, &figures.memory);
    let rate = number(need.logins_per_second);
    format!(
        "- **Verifiers.** {rate} × {verifier} = {busy:.2} busy cores. At most {share:.0} % busy: **{cores:.1} cores**.\n\
         - **Redis, processor.** {rate} × {redis} = **{redis_busy:.0} %** of its thread, which ends at {ceiling} logins a \
         second.\n\
         - **Redis, memory.** {rate} × {remembered:.0} s = {states} used states of {state_bytes:.0} bytes; {rate} × \
         {seconds:.1} s = {keys} buckets of {key_bytes:.0} bytes. With {empty} of an empty Redis: **{total}**.\n\
         - **Network.** {rate} × ({request} + {response}) bytes × 8 = **{proxy}** between proxy and verifiers, and {rate} × \
         ({sent:.0} + {received:.0}) bytes × 8 = **{to_redis}** between verifiers and Redis.\n\
         - **Connections.** {rate} × {in_seconds:.0} ms = **{in_flight:.0}** logins in flight, each on a connection of the \
         proxy's pool. Each verifier has one connection to Redis.\n",
        verifier = micros(model::verifier_micros(figures)),
        busy = need.verifier_busy,
        share = ASSUMED.busy * 100.0,
        cores = need.verifier_cores,
        redis = micros(model::redis_micros(figures)),
        redis_busy = need.redis_busy * 100.0,
        ceiling = number(1e6 / model::redis_micros(figures)),
        remembered = model::STATE_REMEMBERED_S,
        states = number(need.used_states),
        state_bytes = memory.redis_bytes_per_used_state,
        seconds = model::rate_limit_keys_seconds(),
        keys = number(need.rate_limit_keys),
        key_bytes = memory.redis_bytes_per_rate_limit_key,
        empty = bytes(memory.redis_empty_bytes),
        total = bytes(need.redis_bytes),
        request = login.request_bytes,
        response = login.response_bytes,
        proxy = bits(need.proxy_bits_per_second),
        sent = login.redis_received_bytes,
        received = login.redis_sent_bytes,
        to_redis = bits(need.redis_bits_per_second),
        in_seconds = ASSUMED.seconds_per_login * 1000.0,
        in_flight = need.in_flight,
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::stored;
    use super::*;

    #[test]
    fn one_line_is_for_all_parts_that_were_measured_alike() {
        let mut figures = stored();
        let alike = Machine { load_average: "1.00".to_owned(), ..figures.machines.login.clone() };
        for machine in figures.machines.all() {
            *machine = alike.clone();
        }
        assert_eq!(machine(&figures).matches("Measured on").count(), 1);
        assert!(machine(&figures).contains("(load average 1.00)"));
        figures.machines.redis.load_average = "10.50".to_owned();
        figures.machines.memory.load_average = "9.25".to_owned();
        assert_eq!(machine(&figures).matches("Measured on").count(), 1);
        assert!(machine(&figures).contains("(load average 1.00 to 10.50)"));
    }

    #[test]
    fn a_part_of_another_machine_keeps_its_own() {
        let mut figures = stored();
        let first = figures.machines.login.clone();
        for machine in figures.machines.all() {
            *machine = first.clone();
        }
        figures.machines.human_check =
            Machine { date: "2027-01-02".to_owned(), cores: 64, processor: "a newer one".to_owned(), ..first.clone() };
        let text = machine(&figures);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("- One verifier, Several instances, One Redis, Memory, Connections: Measured on"));
        assert!(lines[0].contains(&first.date) && !lines[0].contains("a newer one"));
        assert!(
            lines[1].starts_with(
                "- Human checks: Measured on 2027-01-02, on a virtual machine with 64 cores of a newer one"
            )
        );
    }
}
