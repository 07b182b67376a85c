//! The closing table of the test run.

use std::time::Duration;

use anyhow::{Result, anyhow};

use super::stage::Stage;
use super::stages::Stages;
use super::{node_tests, tally::Tally};
use crate::engines::Engine;
use crate::progress::seconds;

/// Prints a table of the stages, a line for the stories of each engine and of the strict dialect, what was not run and,
/// alone on the last line, the count. `not_chosen` are the parts that the command line leaves out. Fails if a stage has.
pub(crate) fn print(Stages { ended: stages, late, .. }: &Stages, not_chosen: &[String]) -> Result<()> {
    println!("\n==== where the time went");
    let mut total = Duration::ZERO;
    let mut tally = Tally::default();
    let mut failed = Vec::new();
    for stage in stages {
        total += stage.time;
        tally.add(stage.tally);
        let mut result = "ok".to_owned();
        if let Some(failure) = &stage.failure {
            failed.push(stage.name);
            result = format!("FAILED: {failure}");
            // A failure outside of the tests counts as one, so that the last line never looks like a success.
            if stage.tally.failed == 0 {
                tally.failed += 1;
            }
        }
        let Tally { passed, failed, stories, retried } = stage.tally;
        let retried = if stories > 0 { format!("{retried:>5} of {stories} stories retried") } else { String::new() };
        println!(
            "{:<18}{:>14}{passed:>6} passed{failed:>5} failed{retried}   {result}",
            stage.name,
            seconds(stage.time)
        );
    }
    println!("{:<18}{:>14}", "total", seconds(total));
    for engine in Engine::ALL {
        for stage in stages.iter().filter(|stage| stage.name == node_tests::stage_name(engine)) {
            println!("stories in {}: {} run, {} retried", engine.name(), stage.tally.stories, stage.tally.retried);
        }
    }
    for stage in stages.iter().filter(|stage| stage.name == node_tests::STRICT_STAGE) {
        println!("stories in the strict dialect: {} run, {} retried", stage.tally.stories, stage.tally.retried);
    }
    print_skips(stages, late, not_chosen);
    if tally.passed + tally.failed == 0 && !late.is_empty() {
        failed.push("no test began in time");
        tally.failed += 1;
    }
    println!("{} passed, {} failed", tally.passed, tally.failed);
    if failed.is_empty() { Ok(()) } else { Err(anyhow!("failed: {}", failed.join(", "))) }
}

/// Prints what was not run, with the reasons.
fn print_skips(stages: &[Stage], late: &[&str], not_chosen: &[String]) {
    let count: u32 = stages.iter().map(|stage| stage.skips.count()).sum();
    println!("\n==== not run: {count} tests of the stages above");
    for stage in stages {
        for (reason, count) in stage.skips.iter() {
            println!("{:<18}{count:>14}  {reason}", stage.name);
        }
    }
    if !late.is_empty() {
        println!("NOT BEGUN, because the time of --within had passed: {}", late.join(", "));
    }
    if !not_chosen.is_empty() {
        println!("not chosen on the command line: {}", not_chosen.join(", "));
    }
    println!();
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn the_run_fails_if_a_stage_does_although_every_test_passed() {
        let retried = "stories in webkit: 20 run, 1 retried\nℹ pass 20\n";
        let mut stages = Stages::within(None);
        let mut command = Command::new("printf");
        command.args(["%s", retried]);
        stages.tests("stories", || Ok(command));
        assert!(print(&stages, &[]).unwrap_err().to_string().contains("failed: stories"));
    }

    #[test]
    fn a_run_that_was_too_slow_for_any_test_fails() {
        let mut stages = Stages::within(None);
        stages.late.push("stories");
        assert!(print(&stages, &[]).unwrap_err().to_string().contains("no test began in time"));
        stages.tests("native tests", || {
            let mut command = Command::new("printf");
            command.arg("ℹ pass 1\n");
            Ok(command)
        });
        assert!(print(&stages, &[]).is_ok());
    }
}
