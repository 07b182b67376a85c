//! A TCP proxy in front of several Redis servers, such as a virtual IP or a Kubernetes Service. Its target can change;
//! open connections keep theirs.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use authress_redis::test_server::Redis;

pub(crate) struct RedisProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    target: Mutex<PathBuf>,
    connections: AtomicUsize,
    /// Connections with a lower number are dead: they get neither data nor an end.
    first_alive: AtomicUsize,
    is_closed: AtomicBool,
}

impl RedisProxy {
    pub(crate) fn new(redis: &Redis) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            target: Mutex::new(redis.socket()),
            connections: AtomicUsize::new(0),
            first_alive: AtomicUsize::new(0),
            is_closed: AtomicBool::new(false),
        });
        let for_thread = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming() {
                if for_thread.is_closed.load(Ordering::SeqCst) {
                    return;
                }
                let number = for_thread.connections.fetch_add(1, Ordering::SeqCst);
                let target = for_thread.target.lock().unwrap().clone();
                if let (Ok(client), Ok(server)) = (client, UnixStream::connect(target)) {
                    Self::join(&for_thread, number, &client, &server);
                }
            }
        });
        Self { address, shared }
    }

    fn join(shared: &Arc<Shared>, number: usize, client: &TcpStream, server: &UnixStream) {
        let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        let of_client = Arc::clone(shared);
        thread::spawn(move || {
            of_client.pass_on(number, &mut from, &mut to);
            let _ = to.shutdown(Shutdown::Both);
        });
        let (mut from, mut to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
        let of_server = Arc::clone(shared);
        thread::spawn(move || {
            of_server.pass_on(number, &mut from, &mut to);
            if of_server.is_alive(number) {
                let _ = to.shutdown(Shutdown::Both);
            }
        });
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// Changes the target of new connections.
    pub(crate) fn forward_to(&self, redis: &Redis) {
        *self.shared.target.lock().unwrap() = redis.socket();
    }

    /// Makes all open connections dead, as if the host had disappeared: no data, no FIN, no RST.
    pub(crate) fn vanish(&self) {
        self.shared.first_alive.store(self.connections(), Ordering::SeqCst);
    }

    /// Returns the number of connections so far.
    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

impl Drop for RedisProxy {
    fn drop(&mut self) {
        self.shared.is_closed.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn is_alive(&self, number: usize) -> bool {
        number >= self.first_alive.load(Ordering::SeqCst)
    }

    fn pass_on(&self, number: usize, from: &mut impl Read, to: &mut impl Write) {
        let mut buffer = [0; 4096];
        while let Ok(count) = from.read(&mut buffer) {
            if count == 0 || self.is_alive(number) && to.write_all(&buffer[..count]).is_err() {
                return;
            }
        }
    }
}
