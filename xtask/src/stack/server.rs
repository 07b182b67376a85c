//! One server process that cannot outlive this one.
//!
//! A shell process supervises the server. It reads from a pipe whose writing end only this process has. When the pipe
//! closes, because the [`Server`] was dropped or because this process ended, even if it was killed, the shell sends
//! SIGTERM to the server, and SIGKILL after five seconds. So this process needs no signal handler.

use std::fs::{DirBuilder, File};
use std::io::{BufRead, BufReader};
#[cfg(unix)]
use std::os::unix::{fs::DirBuilderExt, process::CommandExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, Error, Result, anyhow};

use crate::build;
use crate::progress;

/// How long a server may take until it accepts connections. On a busy machine it takes many times longer than alone.
const READY_WITHIN: Duration = Duration::from_secs(180);

const GUARD: &str = r#"
"$@" </dev/null &
server=$!
echo "pid $server"
# From here on only the server writes to standard output, so that its end shows there.
exec >/dev/null
cat
kill -TERM "$server" 2>/dev/null
(sleep 5; kill -KILL "$server") 2>/dev/null &
timer=$!
wait "$server"
kill "$timer" 2>/dev/null
"#;

const FOLDER_GUARD: &str = r#"cat >/dev/null; rm -rf "$1""#;

/// A server that accepts connections.
#[derive(Debug)]
pub(crate) struct Server {
    guard: Guard,
    /// The server's own process id, not the guard's.
    pub(crate) pid: u32,
}

impl Server {
    /// Starts a server of this workspace and waits for its `ready` line. Its standard error is written to `NAME.log` in
    /// `folder`.
    pub(crate) fn start(
        name: &str,
        arguments: Vec<String>,
        environment: &[(&str, String)],
        folder: &Path,
    ) -> Result<Self> {
        Self::start_program(name, name, arguments, environment, folder)
    }

    /// The same for a program that is not of this name.
    pub(crate) fn start_program(
        program: &str,
        name: &str,
        arguments: Vec<String>,
        environment: &[(&str, String)],
        folder: &Path,
    ) -> Result<Self> {
        let program = build::server(program)?;
        let log_path = folder.join(format!("{name}.log"));
        let log = File::create(&log_path).with_context(|| format!("cannot write {}", log_path.display()))?;
        let mut command = Command::new("sh");
        command.args(["-c", GUARD, name]).arg(program).args(arguments);
        command.envs(environment.iter().map(|(name, value)| (name, value))).stdout(Stdio::piped()).stderr(log);
        let mut guard = Guard::start(&mut command)?;
        let output = guard.child.stdout.take().context("the server's standard output is not there")?;

        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            // Reads to the end even if the receiver is gone, so that the server never blocks on a full pipe.
            for line in BufReader::new(output).lines().map_while(std::result::Result::ok) {
                let _ = sender.send(line);
            }
        });
        let (mut pid, mut ready) = (None, false);
        while pid.is_none() || !ready {
            match lines.recv_timeout(READY_WITHIN) {
                Ok(line) => match line.split_once(' ') {
                    Some(("pid", number)) => pid = number.parse().ok(),
                    Some(("ready", _)) => ready = true,
                    Some(_) | None => {}
                },
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    return Err(not_ready(
                        name,
                        &format!("is not ready after {} s", READY_WITHIN.as_secs()),
                        &log_path,
                    ));
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => {
                    return Err(not_ready(name, "stopped at its start", &log_path));
                }
            }
        }
        let pid = pid.context("the server's process id is not there")?;
        Ok(Server { guard, pid })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.guard.release();
    }
}

fn not_ready(name: &str, how: &str, log: &Path) -> Error {
    anyhow!("{name} {how}; the end of its log: {}", progress::tail(log, 5))
}

/// A private folder in the system's temporary folder. It is removed when this process ends.
#[derive(Debug)]
pub(crate) struct FolderGuard {
    guard: Guard,
    /// Only the current user can read it.
    pub(crate) path: PathBuf,
}

impl FolderGuard {
    /// A new, empty folder.
    pub(crate) fn create() -> Result<Self> {
        let nanoseconds = std::time::UNIX_EPOCH.elapsed().map_or(0, |time| time.subsec_nanos());
        let path = std::env::temp_dir().join(format!("authress-login-wasm-{}-{nanoseconds}", std::process::id()));
        private_folder().create(&path).with_context(|| format!("cannot create {}", path.display()))?;
        let mut command = Command::new("sh");
        command.args(["-c", FOLDER_GUARD, "folder"]).arg(&path).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(FolderGuard { guard: Guard::start(&mut command)?, path })
    }
}

/// Makes a folder that only the current user can read.
#[cfg(unix)]
fn private_folder() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    builder
}

/// Makes a folder. Temporary folders belong to the user there.
#[cfg(not(unix))]
fn private_folder() -> DirBuilder {
    DirBuilder::new()
}

impl Drop for FolderGuard {
    fn drop(&mut self) {
        self.guard.release();
    }
}

/// The shell that supervises a server, and the pipe that it reads from.
#[derive(Debug)]
struct Guard {
    child: Child,
    pipe: Option<ChildStdin>,
}

impl Guard {
    fn start(command: &mut Command) -> Result<Self> {
        // A process group of its own: Ctrl-C reaches this process alone, and the guards then stop the servers.
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.stdin(Stdio::piped()).spawn().context("cannot start the shell `sh`")?;
        let pipe = child.stdin.take();
        Ok(Guard { child, pipe })
    }

    /// Closes the pipe and waits until the guard's work is done.
    fn release(&mut self) {
        drop(self.pipe.take());
        // It cannot fail for a child that was started and not waited for, and a destructor could not report it.
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_running(pid: &str) -> bool {
        Command::new("kill").args(["-0", pid]).stderr(Stdio::null()).status().unwrap().success()
    }

    #[test]
    fn a_server_stops_when_its_pipe_closes() {
        let mut command = Command::new("sh");
        command.args(["-c", GUARD, "guard", "sleep", "60"]).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut guard = Guard::start(&mut command).unwrap();
        let mut line = String::new();
        BufReader::new(guard.child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let pid = line.trim().strip_prefix("pid ").unwrap();
        assert!(is_running(pid));
        guard.release();
        assert!(!is_running(pid));
    }

    #[test]
    fn the_folder_goes_with_its_guard() {
        let folder = FolderGuard::create().unwrap();
        let path = folder.path.clone();
        assert!(path.is_dir());
        drop(folder);
        assert!(!path.exists());
    }
}
