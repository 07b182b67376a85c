//! Sockets that a service manager passes, and what the program notifies it of.

// A helper function of a test is not seen as a test by the lints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg(target_os = "linux")]

mod support;

use std::io::Write;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use authress_redis::test_server::eventually;
use support::deploy::{Folder, is_installed};
use support::key;
use support::passed_sockets::with_sockets;
use support::program::{Running, exchange, keep_open, login_request, read_all, start_command, start_with, status_of};

fn socket() -> (OwnedFd, String) {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap().to_string();
    (socket.into(), address)
}

/// Returns the error of a start with one passed socket.
fn start_error(variables: &[(&str, &str)], socket: OwnedFd, names: Option<&str>) -> String {
    let key = key();
    let mut all = vec![("AUTHRESS_ACCESS_KEY", key.text.as_str())];
    all.extend_from_slice(variables);
    let Output { status, stdout, stderr } = with_sockets(&all, vec![socket], names).output().unwrap();
    let message = String::from_utf8(stderr).unwrap();
    assert_eq!((status.code(), stdout.len()), (Some(1), 0), "{message}");
    message
}

const READY: &str = "GET /readyz HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n";

#[test]
fn logins_and_metrics_are_served_on_the_passed_sockets_in_either_order() {
    let key = key();
    for names in ["authress-verifier.socket:metrics", "metrics:logins"] {
        let ((first, first_address), (second, second_address)) = (socket(), socket());
        let is_metrics_last = names.ends_with("metrics");
        let (logins, metrics) =
            if is_metrics_last { (first_address, second_address) } else { (second_address, first_address) };
        let variables = [("AUTHRESS_ACCESS_KEY", key.text.as_str()), ("LISTEN", &logins), ("METRICS_LISTEN", &metrics)];
        let verifier = start_command(with_sockets(&variables, vec![first, second], Some(names)));
        assert_eq!(verifier.address, logins, "{names}");
        assert_eq!(status_of(&verifier.login("S", &[])), 302, "{names}");
        assert_eq!(status_of(&exchange(&metrics, READY)), 200, "{names}");
        assert_eq!(status_of(&exchange(&metrics, &login_request("T", &[]))), 404, "{names}");
    }
}

#[test]
fn a_socket_without_a_name_is_for_logins_and_metrics_get_a_socket_of_their_own() {
    let key = key();
    let (passed, address) = socket();
    let variables =
        [("AUTHRESS_ACCESS_KEY", key.text.as_str()), ("LISTEN", &address), ("METRICS_LISTEN", "127.0.0.1:0")];
    let verifier = start_command(with_sockets(&variables, vec![passed], None));
    assert_eq!(status_of(&verifier.login("S", &[])), 302);
    assert_eq!(status_of(&exchange(&verifier.metrics_address(), READY)), 200);
}

#[test]
fn connections_wait_in_the_passed_socket_until_the_program_runs_and_after_its_end() {
    let key = key();
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap().to_string();
    let variables = [("AUTHRESS_ACCESS_KEY", key.text.as_str()), ("LISTEN", &address)];
    for state in ["before", "between"] {
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| exchange(&address, &login_request(state, &[])));
            // Longer than the request would take.
            std::thread::sleep(Duration::from_millis(200));
            assert!(!waiting.is_finished());
            let verifier = start_command(with_sockets(&variables, vec![socket.try_clone().unwrap().into()], None));
            assert_eq!(status_of(&waiting.join().unwrap()), 302, "{state}");
            verifier.stop();
        });
    }
}

#[test]
fn a_connection_that_was_not_accepted_before_the_stop_waits_for_the_next_process() {
    let key = key();
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap().to_string();
    let variables = [
        ("AUTHRESS_ACCESS_KEY", key.text.as_str()),
        ("LISTEN", &address),
        ("SERVER_CONNECTIONS", "1"),
        ("SERVER_IDLE_TIMEOUT_S", "120"),
        // The old process would have no time for the request.
        ("SHUTDOWN_DRAIN_S", "0"),
    ];
    let start = || start_command(with_sockets(&variables, vec![socket.try_clone().unwrap().into()], None));
    let verifier = start();
    let (_only_one, _) = keep_open(&address, &login_request("S", &[]));
    let request = login_request("T", &[]);
    let (first, second) = request.split_at(request.len() / 2);
    let mut waiting = TcpStream::connect(&address).unwrap();
    waiting.write_all(first.as_bytes()).unwrap();
    verifier.stop();
    let _verifier = start();
    waiting.write_all(second.as_bytes()).unwrap();
    assert_eq!(status_of(&read_all(waiting)), 302);
}

#[test]
fn a_socket_at_another_address_is_a_start_error_that_names_both() {
    let (passed, address) = socket();
    let message = start_error(&[("LISTEN", "127.0.0.1:9000")], passed, None);
    assert!(message.contains("PassedSocketOfOtherAddress") && message.contains(&address), "{message}");
    assert!(message.contains("LISTEN is 127.0.0.1:9000"), "{message}");

    let (passed, _) = socket();
    let message = start_error(&[("METRICS_LISTEN", "127.0.0.1:9090")], passed, Some("metrics"));
    assert!(message.contains("METRICS_LISTEN is 127.0.0.1:9090"), "{message}");
}

#[test]
fn what_is_not_a_listening_tcp_socket_is_a_start_error() {
    let folder = Folder::new("sockets");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let connection = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let file = std::fs::File::open("/dev/null").unwrap();
    for (kind, passed) in [
        ("UDP", OwnedFd::from(UdpSocket::bind("127.0.0.1:0").unwrap())),
        ("Unix", OwnedFd::from(UnixListener::bind(folder.0.join("socket")).unwrap())),
        ("connected", OwnedFd::from(connection)),
        ("no socket", OwnedFd::from(file)),
    ] {
        let message = start_error(&[], passed, Some("http"));
        assert!(message.contains("PassedSocketNotListening: the socket \"http\""), "{kind}: {message}");
    }
}

#[test]
fn a_socket_without_a_use_is_a_start_error() {
    let message = start_error(&[], socket().0, Some("metrics"));
    assert!(message.contains("PassedSocketNotConfigured") && message.contains("METRICS_LISTEN"), "{message}");
    let message = start_error(&[], socket().0, Some("logins:metrics"));
    assert!(message.contains("PassedSocketNames: LISTEN_FDNAMES has 2 names for 1 sockets"), "{message}");

    let (key, folder) = (key(), Folder::new("two-sockets"));
    let errors = folder.write("errors.log", "");
    let variables = [("AUTHRESS_ACCESS_KEY", key.text.as_str()), ("ERRORS", &errors)];
    let sockets = vec![socket().0, socket().0];
    let Output { status, .. } = with_sockets(&variables, sockets, Some("logins:metric")).output().unwrap();
    let message = folder.logs();
    assert!(message.contains("PassedSocketTwice: \"metric\" is the second socket for logins"), "{message}");
    assert_eq!(status.code(), Some(1));
}

#[test]
fn sockets_of_another_process_are_not_used() {
    let key = key();
    for process in [&[("LISTEN_PID", "1")][..], &[("LISTEN_PID", "")], &[]] {
        let verifier = start_with(&key, &[&[("LISTEN_FDS", "1")], process].concat());
        assert_eq!(status_of(&verifier.login("S", &[])), 302, "{process:?}");
    }
}

#[test]
fn the_service_manager_is_notified_of_the_start_and_of_the_stop() {
    let folder = Folder::new("notify");
    let path = folder.0.join("socket");
    let manager = UnixDatagram::bind(&path).unwrap();
    manager.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let next = || {
        let mut bytes = [0; 512];
        let length = manager.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    };
    let verifier = start_with(&key(), &[("NOTIFY_SOCKET", path.to_str().unwrap())]);
    assert_eq!(next(), "READY=1\n");
    assert_eq!(status_of(&verifier.login("S", &[])), 302);
    verifier.signal("TERM");
    assert_eq!(next(), "STOPPING=1\n");
}

#[test]
fn a_service_manager_that_does_not_listen_is_a_warning() {
    let verifier = start_with(&key(), &[("NOTIFY_SOCKET", "/nowhere")]);
    assert_eq!(status_of(&verifier.login("S", &[])), 302);
    assert!(verifier.stop().contains("the service manager cannot be notified"));
}

/// A port for a program that cannot be asked which one it has taken.
fn free_port() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

#[test]
fn systemds_own_tool_starts_the_program_with_the_first_connection() {
    if !is_installed(Command::new("systemd-socket-activate")) {
        return;
    }
    let (key, logins, metrics) = (key(), free_port(), free_port());
    let mut tool = Command::new("systemd-socket-activate");
    tool.args(["--listen", &logins, "--listen", &metrics, "--fdname=logins:metrics"]);
    let variables = [
        ("AUTHRESS_ACCESS_KEY", key.text.as_str()),
        ("AUTHRESS_API_URL", support::DOMAIN),
        ("LISTEN", &logins),
        ("METRICS_LISTEN", &metrics),
    ];
    for (name, value) in variables {
        tool.arg(format!("--setenv={name}={value}"));
    }
    tool.arg(env!("CARGO_BIN_EXE_authress-verifier"));
    let process = tool
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let _running = Running { process, address: logins.clone() };
    eventually("the tool listens", || TcpStream::connect(&logins).is_ok());
    assert_eq!(status_of(&exchange(&logins, &login_request("S", &[]))), 302);
    assert_eq!(status_of(&exchange(&metrics, READY)), 200);
}
