//! Starts the program with sockets that are already listening, in the way of systemd: as the descriptors from 3 on, with
//! `LISTEN_FDS`, `LISTEN_PID` and `LISTEN_FDNAMES`.

use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use super::program::{Running, command, start_command};

/// Returns the command of the program, to which up to two sockets are passed. With two, its standard error goes to the file
/// that the variable `ERRORS` names.
///
/// The shell moves the sockets from the standard streams, and gives its own process id to the program that replaces it.
pub(crate) fn with_sockets(variables: &[(&str, &str)], sockets: Vec<OwnedFd>, names: Option<&str>) -> Command {
    let program = command(variables);
    let mut shell = Command::new("sh");
    let redirections = match sockets.len() {
        1 => "exec 3<&0 </dev/null",
        2 => "exec 3<&0 4<&2 </dev/null 2>\"${ERRORS:-/dev/null}\"",
        other => panic!("{other} sockets"),
    };
    let script = format!("{redirections}; LISTEN_PID=$$ exec \"$0\"");
    shell.args(["-c", &script]).arg(program.get_program()).env_clear();
    shell.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.env("LISTEN_FDS", sockets.len().to_string());
    if let Some(names) = names {
        shell.env("LISTEN_FDNAMES", names);
    }
    shell.stdout(Stdio::piped()).stderr(Stdio::piped());
    for (position, socket) in sockets.into_iter().enumerate() {
        if position == 0 {
            shell.stdin(Stdio::from(socket));
        } else {
            shell.stderr(Stdio::from(socket));
        }
    }
    shell
}

/// What systemd does for a socket unit and its service: it keeps the socket, and starts the program on it again.
pub(crate) struct ServiceManager {
    socket: TcpListener,
    variables: Vec<(String, String)>,
    running: Option<Running>,
}

impl ServiceManager {
    /// Listens on a free port and starts the program.
    pub(crate) fn start(variables: &[(&str, &str)]) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut manager = Self { socket, variables, running: None };
        manager.start_program();
        manager
    }

    pub(crate) fn address(&self) -> String {
        self.socket.local_addr().unwrap().to_string()
    }

    fn start_program(&mut self) {
        let address = self.address();
        let mut variables: Vec<(&str, &str)> =
            self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        variables.push(("LISTEN", &address));
        let socket = OwnedFd::from(self.socket.try_clone().unwrap());
        self.running = Some(start_command(with_sockets(&variables, vec![socket], Some("authress-verifier.socket"))));
    }

    /// `systemctl restart`: SIGTERM, the end of the process, and then the next one.
    pub(crate) fn restart(&mut self) {
        self.running.take().unwrap().stop();
        self.start_program();
    }
}
