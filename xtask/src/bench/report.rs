//! The table in docs/benchmarks-verifier.md.

use std::fmt;

use super::load::{Load, Measured};
use super::process::load_average;

/// One server under load.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) measured: Measured,
    /// Requests for each second in which the server had a processor.
    pub(crate) per_processor_second: f64,
    /// The most memory it ever had, in kilobytes.
    pub(crate) peak_kb: u64,
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Measured { rate, p50_ms, p99_ms, .. } = self.measured;
        write!(
            f,
            "{rate:.0} a second ({:.0} of processor time), p50 {p50_ms:.2} ms, p99 {p99_ms:.2} ms, {:.1} MB",
            self.per_processor_second,
            megabytes(self.peak_kb)
        )
    }
}

/// What no server on this machine can go beyond.
#[derive(Debug)]
pub(crate) struct Limits {
    /// A core's signatures in a second.
    pub(crate) signatures: f64,
    /// A server that reads requests, writes responses of the same size and does nothing else.
    pub(crate) floor: Row,
}

impl Limits {
    /// Logins in a second of processor time by a server that signs, reads and writes, and does nothing else.
    fn possible(&self) -> f64 {
        1.0 / (1.0 / self.signatures + 1.0 / self.floor.per_processor_second)
    }
}

/// The whole page. The first row is ours, the last is the reference.
pub(crate) fn markdown(rows: &[Row], limits: &Limits, load: &Load) -> String {
    let signatures = limits.signatures;
    let mut text = format!(
        "# Verifier benchmarks\n\n\
         This verifier beside another one, and beside what is possible. What a login costs with Redis, and what a shop needs, is on the\n\
         [capacity page](capacity.md).\n\n\
         Written by `cargo xtask bench verifier`: one run on one machine. Compare the rows with each other, not with other\n\
         machines. Each server has one core and one worker thread, `wrk` has the other core: {} kept-alive connections, {} s\n\
         after a warm-up of 3 s, a new `state` for every request. This verifier has its rate limits on (higher than the load),\n\
         remembers every state, counts metrics and checks every request; the guide's verifier checks nothing.\n\n\
         When the run ended, the load average of a minute was {busy} on {cores} cores. Other processes distort the figures by\n\
         the clock. They distort the figures of processor time much less: those count the system's work for the server, and\n\
         not its waiting for a core.\n\n\
         | Server | Logins a second, by the clock | Logins a second of processor time | p50 | p99 | Peak memory |\n\
         |---|---:|---:|---:|---:|---:|\n",
        load.connections,
        load.seconds,
        busy = load_average(),
        cores = std::thread::available_parallelism().map_or(1, usize::from),
    );
    for Row { name, measured, per_processor_second, peak_kb } in rows.iter().chain([&limits.floor]) {
        let Measured { rate, p50_ms, p99_ms, .. } = measured;
        text.push_str(&format!(
            "| {name} | {rate:.0} | {per_processor_second:.0} | {p50_ms:.2} ms | {p99_ms:.2} ms | {:.1} MB |\n",
            megabytes(*peak_kb)
        ));
    }
    text.push_str(&format!("| signatures alone | | {signatures:.0} | | | |\n"));
    if let (Some(ours), Some(reference)) = (rows.first(), rows.last()) {
        text.push_str("\n| Target | Reached | |\n|---|---:|---|\n");
        let (rate, p99) = (ours.measured.rate, ours.measured.p99_ms);
        for (target, reached, unit, is_met) in [
            (
                "30 times the reference's rate, by the clock",
                rate / reference.measured.rate,
                " times",
                rate >= 30.0 * reference.measured.rate,
            ),
            (
                "30 times the reference's rate, in processor time",
                ours.per_processor_second / reference.per_processor_second,
                " times",
                ours.per_processor_second >= 30.0 * reference.per_processor_second,
            ),
            (
                "70 % of the signatures a core can make, by the clock",
                100.0 * rate / signatures,
                " %",
                rate >= 0.7 * signatures,
            ),
            (
                "70 % of the signatures a core can make, in processor time",
                100.0 * ours.per_processor_second / signatures,
                " %",
                ours.per_processor_second >= 0.7 * signatures,
            ),
            (
                "p99 below a tenth of the reference's",
                100.0 * p99 / reference.measured.p99_ms,
                " %",
                p99 * 10.0 < reference.measured.p99_ms,
            ),
            ("peak memory below 20 MB", megabytes(ours.peak_kb), " MB", megabytes(ours.peak_kb) < 20.0),
        ] {
            let verdict = if is_met { "reached" } else { "**not reached**" };
            text.push_str(&format!("| {target} | {reached:.1}{unit} | {verdict} |\n"));
        }
    }
    text.push_str(&out_of_reach(rows, limits));
    text
}

/// Why a target stays out of reach, in numbers of this run.
fn out_of_reach(rows: &[Row], limits: &Limits) -> String {
    let (Some(ours), Some(reference)) = (rows.first(), rows.last()) else { return String::new() };
    let micros = |rate: f64| 1e6 / rate;
    let possible = limits.possible();
    format!(
        "\n## What is possible\n\n\
         Of the {ours:.1} µs of processor time that a login takes here, {signature:.1} are its signature and {floor:.1} are what\n\
         the system takes to read a request and to write a response on a connection of its own: the row before the last\n\
         does that and nothing else. Whatever a verifier is written in, on this machine it has no more than\n\
         **{possible:.0}** logins a second for each core: {times:.1} times the reference's rate and {share:.0} % of the signatures.\n\
         This one has {reached:.0} % of that. The rest is HTTP (hyper, tokio), the decision, limits, used states and metrics.\n\n\
         A faster signature moves the two targets apart. This one is AWS-LC's (feature `aws-lc`), which takes about half\n\
         as long as that of ed25519-dalek: more logins a second, and a smaller part of them is signing.\n",
        ours = micros(ours.per_processor_second),
        signature = micros(limits.signatures),
        floor = micros(limits.floor.per_processor_second),
        times = possible / reference.per_processor_second,
        share = 100.0 * possible / limits.signatures,
        reached = 100.0 * ours.per_processor_second / possible,
    )
}

fn megabytes(kilobytes: u64) -> f64 {
    // Far below what a double holds exactly.
    kilobytes as f64 / 1024.0
}
