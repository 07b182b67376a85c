//! The benchmarks: each sets this project beside what there is already, or beside itself with more of everything, in
//! one run.

mod capacity;
mod client;
mod load;
mod process;
mod report;
mod verifier;

use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;

/// What is measured.
#[derive(Debug, Subcommand)]
pub(crate) enum Benchmark {
    /// This package and the published client side by side; writes docs/benchmarks.md and its charts
    Client {
        /// Samples of each measurement [default: that of tests/bench/client.mjs]
        #[arg(long)]
        samples: Option<u32>,
        /// A try: few samples, written below target
        #[arg(long)]
        quick: bool,
        /// The `dist` folder of an earlier build of this package, which is measured beside this one
        #[arg(long, value_name = "FOLDER")]
        baseline: Option<PathBuf>,
    },
    /// How the client behaves with many tabs, leftover logins and long tokens; writes the table in docs/benchmarks.md
    Growth,
    /// What a page downloads with this package and with its peers; writes the table in docs/benchmarks.md
    Sizes,
    /// The verifier and the one of Authress's guide side by side; writes docs/benchmarks-verifier.md
    Verifier {
        /// How long each measurement takes, in seconds
        #[arg(long, default_value_t = 10)]
        seconds: u32,
    },
    /// What a login costs the verifier and Redis, and what a shop needs; writes docs/capacity.json and docs/capacity.md
    Capacity(capacity::Options),
}

/// Runs a benchmark.
pub(crate) fn run(benchmark: &Benchmark) -> Result<()> {
    match *benchmark {
        Benchmark::Client { samples, quick, ref baseline } => client::speed(samples, quick, baseline.as_deref()),
        Benchmark::Growth => client::growth(),
        Benchmark::Sizes => client::sizes(),
        Benchmark::Verifier { seconds } => verifier::run(seconds),
        Benchmark::Capacity(ref options) => capacity::run(options),
    }
}
