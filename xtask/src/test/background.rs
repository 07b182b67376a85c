//! Builds in the background of another stage. The link of a module has one thread, and many native tests wait: alone each would
//! leave a processor idle.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result, anyhow};

use crate::{programs, workspace};

/// Commands of this program, one after the other, whose output is kept until the end.
#[derive(Debug)]
pub(crate) struct BackgroundBuilds {
    output: PathBuf,
    commands: JoinHandle<Result<()>>,
}

impl BackgroundBuilds {
    /// Begins with the first command.
    pub(crate) fn start(program: &Path, commands: &'static [&'static [&'static str]]) -> Result<Self> {
        let output = workspace::target().join("background.log");
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
        Ok(BackgroundBuilds { output, commands })
    }

    /// Waits for the last command and prints what all of them have printed.
    pub(crate) fn finish(self) -> Result<()> {
        let result = self.commands.join().map_err(|_| anyhow!("the builds panicked"))?;
        print!("{}", std::fs::read_to_string(&self.output).unwrap_or_default());
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_that_fails_is_reported_at_its_end_and_ends_the_list() {
        let failing = BackgroundBuilds::start(Path::new("false"), &[&["first"], &["second"]]).unwrap();
        assert!(failing.finish().is_err());
        BackgroundBuilds::start(Path::new("true"), &[&["first"], &["second"]]).unwrap().finish().unwrap();
    }
}
