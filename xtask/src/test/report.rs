//! The closing table of the test run.

use std::time::Duration;

use anyhow::{Result, anyhow};

use super::stage::Stage;
use super::{node_tests, tally::Tally};
use crate::engines::Engine;
use crate::progress::seconds;

/// Prints a table of the stages, a line for the stories of each engine and of the strict dialect and, alone on the last line, the count. Fails if
/// a stage has.
pub(crate) fn print(stages: &[Stage]) -> Result<()> {
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
    println!("{} passed, {} failed", tally.passed, tally.failed);
    if failed.is_empty() { Ok(()) } else { Err(anyhow!("failed: {}", failed.join(", "))) }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn the_run_fails_if_a_stage_does_although_every_test_passed() {
        let retried = "stories in webkit: 20 run, 1 retried\nℹ pass 20\n";
        let stage = Stage::tests("stories", Command::new("printf").args(["%s", retried]));
        assert!(print(&[stage]).unwrap_err().to_string().contains("failed: stories"));
    }
}
