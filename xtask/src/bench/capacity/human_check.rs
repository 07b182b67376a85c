//! What the proof of work adds to a login.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result};

use super::figures::HumanCheck;
use super::instance::{Starter, program};
use super::redis::Redis;

/// The example of the verifier's crate that solves the challenges.
pub(super) const SOLVER: &str = "proof_of_work_load";
const LOGINS: u32 = 200;
/// The default of `human_check.cost`.
const COST: u32 = 1000;

/// One login after the other: first all pages, then all solutions.
pub(super) fn proof_of_work(starter: &Starter) -> Result<HumanCheck> {
    let redis = Redis::start()?;
    let server = starter.start(
        Some(&redis),
        &[
            ("HUMAN_CHECK_KIND", "proof-of-work"),
            // The connection is idle while the challenges are solved.
            ("SERVER_IDLE_TIMEOUT_S", "600"),
            ("HUMAN_CHECK_COST", &COST.to_string()),
            ("HUMAN_CHECK_SECRET", "a secret that is only for this run"),
        ],
    )?;
    let mut solver = Solver::start(&server.url)?;
    let logins = f64::from(LOGINS);
    let redis_before = redis.server.processor_micros()?;
    let before = server.processor_micros()?;
    let page_bytes = solver.step()?;
    let pages = server.processor_micros()? - before;
    let solver_micros = solver.step()?;
    let before = server.processor_micros()?;
    solver.step()?;
    let solutions = server.processor_micros()? - before;
    let redis_micros = redis.server.processor_micros()? - redis_before;
    let measured = HumanCheck {
        cost: COST,
        solutions: LOGINS,
        page_micros: pages / logins,
        page_bytes,
        solution_micros: solutions / logins,
        redis_micros: redis_micros / logins,
        solver_micros,
    };
    println!("       {measured:.1?}");
    Ok(measured)
}

/// The running example.
struct Solver {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Solver {
    fn start(url: &str) -> Result<Self> {
        let mut command = Command::new(program("examples").join(SOLVER));
        command.args([url, &LOGINS.to_string()]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().context("cannot start the solver")?;
        let input = child.stdin.take().context("the solver has no standard input")?;
        let output = BufReader::new(child.stdout.take().context("the solver has no standard output")?);
        let mut solver = Self { child, input, output };
        // It has a connection.
        solver.report()?;
        Ok(solver)
    }

    /// Runs the next step and returns what it reports.
    fn step(&mut self) -> Result<f64> {
        writeln!(self.input).context("cannot write to the solver")?;
        self.report()
    }

    fn report(&mut self) -> Result<f64> {
        let mut line = String::new();
        self.output.read_line(&mut line).context("cannot read from the solver")?;
        line.trim().parse().context("a step of the solver failed: its message stands above")
    }
}

impl Drop for Solver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
