//! Builds in the background of another stage. The link of a module has one thread, and many native tests wait: alone each would
//! leave a processor idle.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result, anyhow};

use crate::{programs, workspace};

/// Commands of this program, one after the other, whose output is kept until the end. A run waits for them, also if it does not
/// need them any more: otherwise they would write into the next one.
#[derive(Debug)]
pub(crate) struct BackgroundBuilds {
    output: PathBuf,
    commands: Option<JoinHandle<Result<()>>>,
}

impl BackgroundBuilds {
    /// Begins with the first command.
    pub(crate) fn start(program: &Path, commands: &'static [&'static [&'static str]]) -> Result<Self> {
        // A file of its own: the tests of this program run beside its builds, and beside each other.
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let output = workspace::target().join(format!("background-{}-{number}.log", process::id()));
        File::create(&output).with_context(|| format!("cannot create {}", output.display()))?;
        let (program, log) = (program.to_owned(), output.clone());
        let commands = thread::spawn(move || {
            for words in commands {
                let log = OpenOptions::new().append(true).open(&log).context("cannot open the builds' log")?;
                let errors = log.try_clone().context("cannot open the builds' log")?;
                programs::run(Command::new(&program).args(*words).stdout(log).stderr(errors))?;
            }
            Ok(())
        });
        Ok(BackgroundBuilds { output, commands: Some(commands) })
    }

    /// Waits for the last command and prints what all of them have printed.
    pub(crate) fn finish(mut self) -> Result<()> {
        let result = self.wait();
        print!("{}", fs::read_to_string(&self.output).unwrap_or_default());
        result
    }

    fn wait(&mut self) -> Result<()> {
        let Some(commands) = self.commands.take() else { return Ok(()) };
        commands.join().map_err(|_| anyhow!("the builds panicked"))?
    }
}

impl Drop for BackgroundBuilds {
    fn drop(&mut self) {
        let _ = self.wait();
        let _ = fs::remove_file(&self.output);
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn builds_that_nothing_needs_have_ended_all_the_same() {
        let start = Instant::now();
        let unneeded = BackgroundBuilds::start(Path::new("sleep"), &[&["0.3"]]).unwrap();
        let output = unneeded.output.clone();
        drop(unneeded);
        assert!(start.elapsed() >= Duration::from_millis(300));
        assert!(!output.exists());
    }

    #[test]
    fn a_build_that_fails_is_reported_at_its_end_and_ends_the_list() {
        let failing = BackgroundBuilds::start(Path::new("false"), &[&["first"], &["second"]]).unwrap();
        assert!(failing.finish().is_err());
        BackgroundBuilds::start(Path::new("true"), &[&["first"], &["second"]]).unwrap().finish().unwrap();
    }
}
