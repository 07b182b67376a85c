//! Shoppers who log in one after the other, each with a `state` of its own, until they are stopped.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use authress_redis::test_server::eventually;

use super::query;

/// The pause of each client between two requests. With the long one, the proxy's connections to the verifier are idle most
/// of the time: these are the ones that a restart closes.
const PAUSES: [Duration; 2] = [Duration::from_micros(500), Duration::from_millis(30)];

/// Clients of each kind. The recipe for nginx allows 20 connections to an address.
const CLIENTS_OF_EACH_KIND: usize = 7;

#[derive(Clone, Debug, Default)]
pub(crate) struct Outcomes {
    /// How often each outcome occurred: a status, or the kind of an error.
    pub(crate) count: BTreeMap<String, usize>,
    /// The longest time that a request took.
    pub(crate) longest: Duration,
}

pub(crate) struct Load {
    is_over: Arc<AtomicBool>,
    requests: Arc<AtomicUsize>,
    outcomes: Arc<Mutex<Outcomes>>,
    clients: Vec<JoinHandle<()>>,
}

impl Load {
    pub(crate) fn start(address: &str) -> Self {
        let mut load =
            Self { is_over: Arc::default(), requests: Arc::default(), outcomes: Arc::default(), clients: Vec::new() };
        for number in 0..CLIENTS_OF_EACH_KIND * PAUSES.len() {
            let (is_over, requests) = (Arc::clone(&load.is_over), Arc::clone(&load.requests));
            let (outcomes, address) = (Arc::clone(&load.outcomes), address.to_owned());
            load.clients.push(std::thread::spawn(move || {
                let mut connection = None;
                for request in 0.. {
                    if is_over.load(Ordering::Relaxed) {
                        return;
                    }
                    let start = Instant::now();
                    let outcome = login(&address, &mut connection, &format!("client-{number}-{request}"));
                    let mut outcomes = outcomes.lock().unwrap();
                    *outcomes.count.entry(outcome).or_default() += 1;
                    outcomes.longest = outcomes.longest.max(start.elapsed());
                    drop(outcomes);
                    requests.fetch_add(1, Ordering::Relaxed);
                    std::thread::sleep(PAUSES[number % PAUSES.len()]);
                }
            }));
        }
        load
    }

    /// Waits until this many further requests have an outcome.
    pub(crate) fn wait_for_requests(&self, count: usize) {
        let before = self.requests.load(Ordering::Relaxed);
        eventually("more requests", || self.requests.load(Ordering::Relaxed) >= before + count);
    }

    /// Ends the load.
    pub(crate) fn stop(self) -> Outcomes {
        self.is_over.store(true, Ordering::Relaxed);
        for client in self.clients {
            client.join().unwrap();
        }
        let outcomes = self.outcomes.lock().unwrap();
        outcomes.clone()
    }
}

/// Sends a login on the connection, which is kept if the response allows it. No request is repeated.
fn login(address: &str, connection: &mut Option<BufReader<TcpStream>>, state: &str) -> String {
    match exchange(address, connection, state) {
        Ok(status) => status,
        Err(error) => {
            *connection = None;
            format!("connection error: {}", error.kind())
        }
    }
}

fn exchange(address: &str, connection: &mut Option<BufReader<TcpStream>>, state: &str) -> std::io::Result<String> {
    let stream = match connection {
        Some(stream) => stream,
        None => {
            let stream = TcpStream::connect(address)?;
            stream.set_read_timeout(Some(Duration::from_secs(60)))?;
            stream.set_nodelay(true)?;
            connection.insert(BufReader::new(stream))
        }
    };
    let request = format!("GET /v1/login?{} HTTP/1.1\r\nHost: shop\r\n\r\n", query(&[("state", state)]));
    stream.get_mut().write_all(request.as_bytes())?;
    let (mut status, mut length, mut is_last) = (String::new(), 0, false);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        } else if let Some(rest) = line.strip_prefix("http/1.1 ") {
            status = rest.split(' ').next().unwrap().to_owned();
        } else if let Some(bytes) = line.strip_prefix("content-length: ") {
            length = bytes.parse().unwrap();
        } else {
            is_last |= line == "connection: close";
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    if is_last {
        *connection = None;
    }
    Ok(status)
}
