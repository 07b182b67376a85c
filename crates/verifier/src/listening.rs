//! The listeners of the program: sockets that the service manager passes (systemd's socket activation), otherwise sockets
//! of its own.
//!
//! A socket that the service manager keeps open outlives the process: while the verifier restarts, new connections wait in
//! it. `listenfd` turns the passed descriptors into sockets. Which socket is for what, and whether it is what the settings
//! say, is decided here: a verifier that listened somewhere else than its settings say would be reachable where no one
//! expects it.

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};

use tokio::net::{TcpListener, TcpSocket};

use crate::config::Listeners;
use crate::http::{BACKLOG, ListeningSocket};

/// The name of the socket for metrics and health checks: `FileDescriptorName=` of its unit. A socket with any other name is
/// for logins, because systemd's default is the name of the unit, and other programs pass no names.
pub const METRICS_SOCKET: &str = "metrics";

/// The sockets that the service manager has passed to this process.
#[derive(Debug, Default)]
pub struct PassedSockets {
    logins: Option<StdListener>,
    internal: Option<StdListener>,
}

/// Sockets that accept connections.
#[derive(Debug)]
pub struct Listening {
    /// The listener for logins.
    pub logins: ListeningSocket,
    /// The listener for metrics and health checks, if one is configured.
    pub internal: Option<ListeningSocket>,
}

impl PassedSockets {
    /// Takes the sockets that the variables `LISTEN_FDS`, `LISTEN_PID` and `LISTEN_FDNAMES` announce; there may be none.
    /// As in systemd's `sd_listen_fds`, there are none unless `LISTEN_PID` is the id of this process.
    ///
    /// With sockets it removes `LISTEN_FDS` and `LISTEN_PID`, so call it before there are other threads.
    ///
    /// # Errors
    /// When one of them is not a listening TCP socket, or when two are for the same use.
    // systemd is a program of Linux, and on macOS `socket2` cannot say whether a socket is listening.
    #[cfg(target_os = "linux")]
    pub fn take() -> Result<Self, ListenError> {
        // Without `LISTEN_PID`, listenfd would take the descriptors of any process.
        let process = std::env::var("LISTEN_PID").ok().and_then(|id| id.parse().ok());
        if process != Some(std::process::id()) {
            return Ok(Self::default());
        }
        let names = std::env::var("LISTEN_FDNAMES").ok();
        let mut passed = listenfd::ListenFd::from_env();
        let count = passed.len();
        let names: Vec<String> = match names {
            Some(names) if count > 0 => names.split(':').map(str::to_owned).collect(),
            Some(_) | None => vec![String::new(); count],
        };
        if names.len() != count {
            return Err(ListenError::PassedSocketNames { sockets: count, names: names.len() });
        }
        let mut sockets = Self::default();
        for (index, name) in names.into_iter().enumerate() {
            let unusable = || ListenError::PassedSocketNotListening { name: name.clone() };
            let socket = passed.take_tcp_listener(index).ok().flatten().ok_or_else(unusable)?;
            // `Accept=yes` passes a connection instead.
            if !socket2::SockRef::from(&socket).is_listener().unwrap_or(false) {
                return Err(unusable());
            }
            let place = if name == METRICS_SOCKET { &mut sockets.internal } else { &mut sockets.logins };
            if place.replace(socket).is_some() {
                return Err(ListenError::PassedSocketTwice { name });
            }
        }
        Ok(sockets)
    }

    /// Returns no sockets: there are none on this system.
    ///
    /// # Errors
    /// Never on this system; the signature is that of Linux.
    #[cfg(not(target_os = "linux"))]
    pub fn take() -> Result<Self, ListenError> {
        Ok(Self::default())
    }

    /// Listens at the configured addresses, on the passed sockets as far as there are some.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    ///
    /// # Errors
    /// When a passed socket is not at its configured address, and when the system refuses an address.
    pub fn listen(self, addresses: Listeners) -> Result<Listening, ListenError> {
        let internal = match (self.internal, addresses.internal) {
            (Some(_), None) => return Err(ListenError::PassedSocketNotConfigured),
            (passed, Some(address)) => Some(listen("METRICS_LISTEN", address, passed)?),
            (None, None) => None,
        };
        Ok(Listening { logins: listen("LISTEN", addresses.logins, self.logins)?, internal })
    }
}

fn listen(
    variable: &'static str,
    configured: SocketAddr,
    passed: Option<StdListener>,
) -> Result<ListeningSocket, ListenError> {
    let refused = |error: io::Error| ListenError::CannotListen { variable, address: configured, reason: error.kind() };
    let Some(passed) = passed else { return Ok(bind(configured).map_err(refused)?.into()) };
    let actual = passed.local_addr().map_err(refused)?;
    if !fits(configured, actual) {
        return Err(ListenError::PassedSocketOfOtherAddress { variable, configured, actual });
    }
    passed.set_nonblocking(true).map_err(refused)?;
    Ok(ListeningSocket::passed(TcpListener::from_std(passed).map_err(refused)?))
}

/// Listens with a backlog for the logins of a moment in which many shoppers come at once: one of 128, as tokio's listeners have,
/// makes further ones wait a second until their systems try again.
fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A restart can then listen while connections of the process before are closing. On Windows it would let two listen.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Returns whether a socket at `actual` is what the setting asks for. Port 0 takes any.
fn fits(configured: SocketAddr, actual: SocketAddr) -> bool {
    configured.ip() == actual.ip() && [0, actual.port()].contains(&configured.port())
}

/// Why the program cannot listen. The variants are the codes of the messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenError {
    /// The system refuses the address.
    CannotListen {
        /// The variable with the address.
        variable: &'static str,
        /// The address.
        address: SocketAddr,
        /// Why.
        reason: io::ErrorKind,
    },
    /// A passed socket is at another address than the configured one.
    PassedSocketOfOtherAddress {
        /// The variable with the address.
        variable: &'static str,
        /// The address of the setting.
        configured: SocketAddr,
        /// The address of the socket.
        actual: SocketAddr,
    },
    /// A passed descriptor is not a listening TCP socket.
    PassedSocketNotListening {
        /// Its name, which may be empty.
        name: String,
    },
    /// Two passed sockets are for the same use.
    PassedSocketTwice {
        /// The name of the second one, which may be empty.
        name: String,
    },
    /// A socket for metrics was passed, and `metrics.listen` is not set.
    PassedSocketNotConfigured,
    /// `LISTEN_FDNAMES` has not one name for each socket.
    PassedSocketNames {
        /// The number of sockets.
        sockets: usize,
        /// The number of names.
        names: usize,
    },
}

impl fmt::Display for ListenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CannotListen { variable, address, reason } => {
                write!(f, "CannotListen: cannot listen on {address}: {reason}. Set {variable} to another address")
            }
            Self::PassedSocketOfOtherAddress { variable, configured, actual } => write!(
                f,
                "PassedSocketOfOtherAddress: the service manager passed a socket at {actual}, but {variable} is \
                 {configured}. Give ListenStream= of the socket unit and {variable} the same address"
            ),
            Self::PassedSocketNotListening { name } => write!(
                f,
                "PassedSocketNotListening: the socket {name:?} that the service manager passed is not a listening TCP \
                 socket. Use ListenStream= with an address and a port, and Accept=no"
            ),
            Self::PassedSocketTwice { name } => write!(
                f,
                "PassedSocketTwice: {name:?} is the second socket for {use_of}. Pass one for logins, and one with \
                 FileDescriptorName={METRICS_SOCKET} for METRICS_LISTEN",
                use_of = if name == METRICS_SOCKET { "metrics" } else { "logins" },
            ),
            Self::PassedSocketNotConfigured => write!(
                f,
                "PassedSocketNotConfigured: the service manager passed the socket {METRICS_SOCKET:?}, but METRICS_LISTEN \
                 is not set. Set it to the address of the socket, or remove its socket unit"
            ),
            Self::PassedSocketNames { sockets, names } => write!(
                f,
                "PassedSocketNames: LISTEN_FDNAMES has {names} names for {sockets} sockets. Pass one name for each socket, \
                 separated by colons, or none at all"
            ),
        }
    }
}

impl std::error::Error for ListenError {}

#[cfg(test)]
mod tests {
    use super::*;

    // Other systems have a lower limit than the backlog.
    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn hundreds_of_connections_wait_to_be_accepted() {
        let addresses = Listeners { logins: "127.0.0.1:0".parse().unwrap(), internal: None };
        let listening = PassedSockets::default().listen(addresses).unwrap();
        let address = listening.logins.local_addr().unwrap();
        let connect = || std::net::TcpStream::connect_timeout(&address, std::time::Duration::from_millis(500));
        let waiting: Vec<_> = (0..500).map(|_| connect()).collect::<Result<_, _>>().unwrap();
        assert_eq!(waiting.len(), 500);
    }

    #[test]
    fn a_socket_fits_its_own_address_and_any_port_if_the_setting_has_none() {
        let fits = |configured: &str, actual: &str| fits(configured.parse().unwrap(), actual.parse().unwrap());
        for (configured, actual) in [("127.0.0.1:9000", "127.0.0.1:9000"), ("[::]:9000", "[::]:9000")] {
            assert!(fits(configured, actual), "{configured} {actual}");
        }
        assert!(fits("127.0.0.1:0", "127.0.0.1:4711"));
        for (configured, actual) in [
            ("127.0.0.1:9000", "127.0.0.1:9001"),
            ("127.0.0.1:9000", "0.0.0.0:9000"),
            ("0.0.0.0:9000", "[::]:9000"),
            ("127.0.0.1:0", "127.0.0.2:4711"),
        ] {
            assert!(!fits(configured, actual), "{configured} {actual}");
        }
    }
}
