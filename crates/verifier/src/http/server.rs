//! An HTTP/1.1 server with limits for each connection and a graceful shutdown.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{HttpService, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus_client::metrics::gauge::Gauge;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_io_timeout::TimeoutStream;
use tower::{Service, ServiceExt};

use super::read_deadline::{ReadDeadline, Requests};

/// Limits of a server. An HTTP/1.1 connection has one request at a time, so the number of connections also bounds the
/// requests in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerLimits {
    /// The number of concurrent connections. Further ones wait in the operating system until one ends.
    pub connections: usize,
    /// The longest request head, at least 8192 bytes. A longer one gets 431.
    pub header_bytes: usize,
    /// How long a client may take to send the head of a request.
    pub header_timeout: Duration,
    /// How long a connection may be idle. It must be longer than the proxy in front keeps idle connections: a request
    /// that meets a connection which the server is closing gets 502 from the proxy.
    pub idle_timeout: Duration,
    /// How long a response may take, and how long a client may read nothing of it.
    pub request_timeout: Duration,
    /// How long the server goes on accepting connections after the shutdown signal. It ends each connection with the
    /// next response meanwhile. If it is longer than the proxy in front keeps idle connections, none is left for the
    /// server to close, so no request can meet a connection that is just closing.
    pub shutdown_delay: Duration,
    /// How long requests in flight may take after `shutdown_delay`.
    pub drain: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            connections: 1024,
            header_bytes: 16 * 1024,
            header_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(10),
            shutdown_delay: Duration::ZERO,
            drain: Duration::from_secs(10),
        }
    }
}

/// Gauges of the connections of a listener. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Connections {
    open: Gauge,
    limit: Gauge,
}

impl Connections {
    /// Returns the open connections and their limit.
    pub(crate) fn gauges(&self) -> (&Gauge, &Gauge) {
        (&self.open, &self.limit)
    }

    fn begin(&self, permit: Option<OwnedSemaphorePermit>) -> OpenConnection {
        self.open.inc();
        OpenConnection { open: self.open.clone(), _permit: permit }
    }
}

/// Decrements the gauge on drop, so also when the task of the connection panics.
struct OpenConnection {
    open: Gauge,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.open.dec();
    }
}

/// What [`serve`] can serve: an axum [`Router`](axum::Router) or any other tower service of this form.
pub trait App:
    Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + 'static
{
}

impl<A> App for A where
    A: Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + 'static
{
}

/// A socket that accepts connections.
#[derive(Debug)]
pub struct ListeningSocket {
    tcp: TcpListener,
    is_passed: bool,
}

impl ListeningSocket {
    /// A socket that the service manager has passed. It stays open when this process closes it: connections that were
    /// not accepted wait for the next process.
    pub fn passed(tcp: TcpListener) -> Self {
        Self { tcp, is_passed: true }
    }

    /// Returns the address at which it listens.
    ///
    /// # Errors
    /// When the system cannot tell it.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

impl From<TcpListener> for ListeningSocket {
    /// A socket of this process alone: connections that were not accepted are reset with it.
    fn from(tcp: TcpListener) -> Self {
        Self { tcp, is_passed: false }
    }
}

/// Serves until `shutdown` completes and the shutdown delay has passed. During the delay each response has
/// `Connection: close`. Then it accepts no more connections, except those that already wait in a socket of this process
/// alone, finishes the requests in flight, and returns after the drain time at the latest.
///
/// Handlers find the peer address in [`ConnectInfo`].
///
/// # Errors
/// When the local address of the socket cannot be read.
pub async fn serve<A: App>(
    socket: impl Into<ListeningSocket> + Send,
    app: A,
    limits: ServerLimits,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    serve_counted(socket, app, limits, Connections::default(), shutdown).await
}

/// [`serve`], which counts the open connections in `connections`.
///
/// # Errors
/// As [`serve`].
pub async fn serve_counted<A: App>(
    socket: impl Into<ListeningSocket> + Send,
    app: A,
    limits: ServerLimits,
    connections: Connections,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let ListeningSocket { tcp: listener, is_passed } = socket.into();
    listener.local_addr()?;
    connections.limit.set(i64::try_from(limits.connections).unwrap_or(i64::MAX));
    let mut acceptor = Acceptor::new(listener, limits.connections);
    // Each connection has a receiver, so the channel is closed when the last of them has ended.
    let (drain, _) = watch::channel(());
    let is_stopping = Arc::new(AtomicBool::new(false));
    let mut stop = pin!(async {
        shutdown.await;
        is_stopping.store(true, Ordering::Relaxed);
        tokio::time::sleep(limits.shutdown_delay).await;
    });
    let spawn = |stream, peer, permit| {
        let open = connections.begin(permit);
        let (connection, requests) = connection(stream, peer, &app, limits, &is_stopping);
        let draining = drain.subscribe();
        tokio::spawn(async move {
            serve_connection(connection, requests, draining).await;
            drop(open);
        });
    };
    loop {
        tokio::select! {
            (stream, peer, permit) = acceptor.accept() => spawn(stream, peer, permit),
            () = &mut stop => break,
        }
    }
    if !is_passed {
        // Connections in the backlog would be reset with the socket. There is a limit, because new arrivals would keep this
        // loop running under load.
        for _ in 0..BACKLOG {
            match tokio::time::timeout(Duration::ZERO, acceptor.listener.accept()).await {
                Ok(Ok((stream, peer))) => spawn(stream, peer, None),
                Ok(Err(error)) if is_of_one_connection(&error) => {}
                Ok(Err(_)) | Err(_) => break,
            }
        }
    }
    drop(acceptor);
    let _ = drain.send(());
    if tokio::time::timeout(limits.drain, drain.closed()).await.is_err() {
        tracing::warn!("the drain time is over: stopped with requests in flight");
    }
    Ok(())
}

/// Serves a connection until it ends. From the beginning of the drain on, it ends with its next response, or once it is
/// idle.
async fn serve_connection<S: HttpService<Incoming, ResBody = Body>>(
    connection: http1::Connection<Io, S>,
    requests: Requests,
    mut draining: watch::Receiver<()>,
) {
    let mut connection = pin!(connection);
    // hyper has already responded to a malformed request, so the results of connections are of no use.
    tokio::select! {
        biased;
        _ = connection.as_mut() => return,
        _ = draining.changed() => {}
    }
    // hyper would close a connection that has brought nothing yet, and one with a part of a later head. The response to
    // that request will end the connection.
    if requests.head_is_due() {
        let has_ended = tokio::time::timeout(REQUEST_HEAD, connection.as_mut()).await.is_ok();
        // hyper would wait longer for the rest of a first head.
        if has_ended || requests.head_is_due() {
            return;
        }
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

/// Accepts connections up to the limit.
struct Acceptor {
    listener: TcpListener,
    free: Arc<Semaphore>,
    all_in_use: ReportInterval,
    no_descriptor: ReportInterval,
}

impl Acceptor {
    fn new(listener: TcpListener, connections: usize) -> Self {
        let connections = connections.min(Semaphore::MAX_PERMITS);
        Self {
            listener,
            free: Arc::new(Semaphore::new(connections)),
            all_in_use: ReportInterval::default(),
            no_descriptor: ReportInterval::default(),
        }
    }

    async fn accept(&mut self) -> (TcpStream, SocketAddr, Option<OwnedSemaphorePermit>) {
        let permit = match Arc::clone(&self.free).try_acquire_owned() {
            Ok(permit) => Some(permit),
            Err(_) => {
                if self.all_in_use.is_due() {
                    tracing::warn!(
                        listener = self.listener.local_addr().ok().map(tracing::field::display),
                        "all connections are in use, and new ones wait. For the listener of logins, raise \
                         server.connections, or limit the connections of each client in the proxy in front"
                    );
                }
                // The semaphore is never closed.
                Arc::clone(&self.free).acquire_owned().await.ok()
            }
        };
        loop {
            match self.listener.accept().await {
                Ok((stream, peer)) => return (stream, peer, permit),
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    if self.no_descriptor.is_due() {
                        tracing::warn!(error = name_of(&error), "cannot accept connections. {}", advice(&error));
                    }
                    // Only the end of other connections helps, so it does not retry at once.
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        }
    }
}

/// Limits the reports of a lasting problem to one a minute.
#[derive(Default)]
struct ReportInterval {
    last: Option<Instant>,
}

impl ReportInterval {
    fn is_due(&mut self) -> bool {
        let now = Instant::now();
        let is_due = self.last.is_none_or(|last| now.duration_since(last) >= Duration::from_secs(60));
        if is_due {
            self.last = Some(now);
        }
        is_due
    }
}

/// Names the error. The standard library has no kind for the two usual ones; their numbers are the same on every Unix.
fn name_of(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(24) if cfg!(unix) => "EMFILE".to_owned(),
        Some(23) if cfg!(unix) => "ENFILE".to_owned(),
        _ => error.kind().to_string(),
    }
}

fn advice(error: &io::Error) -> &'static str {
    match error.raw_os_error() {
        Some(24) if cfg!(unix) => {
            "This process has too many open files. Raise its limit (LimitNOFILE= of systemd, ulimit -n) above \
             server.connections, or lower server.connections"
        }
        Some(23) if cfg!(unix) => "The whole system has too many open files",
        _ => "Retrying",
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    [ConnectionAborted, ConnectionRefused, ConnectionReset].contains(&error.kind())
}

/// The stream below hyper: the socket with a timeout for writes and a deadline for reads.
type Io = TokioIo<ReadDeadline<Pin<Box<TimeoutStream<TcpStream>>>>>;

/// The number of connections that wait for this process to accept them. The system may have a lower limit.
pub const BACKLOG: u32 = 1024;

/// How long a request head that is due may take to arrive during the drain. A proxy sends it at once.
const REQUEST_HEAD: Duration = Duration::from_secs(2);

fn connection<A: App>(
    stream: TcpStream,
    peer: SocketAddr,
    app: &A,
    limits: ServerLimits,
    is_stopping: &Arc<AtomicBool>,
) -> (http1::Connection<Io, impl HttpService<Incoming, ResBody = Body, Future: Send> + use<A>>, Requests) {
    // A response is one small write, which Nagle's algorithm would only delay.
    let _ = stream.set_nodelay(true);
    // Without it, a client that sends requests and reads no response would keep the connection forever: the read
    // deadline does not run while hyper writes.
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(limits.request_timeout));
    let requests = Requests::new();
    let stream = ReadDeadline::new(Box::pin(stream), requests.clone(), limits.header_timeout, limits.idle_timeout);
    let app = app.clone();
    let (is_stopping, all_requests) = (Arc::clone(is_stopping), requests.clone());
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let in_flight = requests.begin();
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        let response = app.clone().oneshot(request);
        let is_stopping = Arc::clone(&is_stopping);
        async move {
            let mut response = response.await;
            // Not when the request arrives: the shutdown may begin before its response.
            if is_stopping.load(Ordering::Relaxed)
                && let Ok(response) = &mut response
            {
                response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            drop(in_flight);
            response
        }
    });
    // The limit of 100 header lines is hyper's default: setting one costs an allocation for each request. Most
    // responses have no body, so vectored writes gain nothing.
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_buf_size(limits.header_bytes)
        .writev(false)
        .serve_connection(TokioIo::new(stream), service);
    (connection, all_requests)
}

/// Returns a future that completes on SIGTERM or SIGINT. The handlers are installed by this call, before the future is
/// polled.
///
/// # Errors
/// When the handlers cannot be installed.
#[cfg(unix)]
pub fn termination() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Returns a future that completes on Ctrl-C.
///
/// # Errors
/// Never on this system; the signature is that of Unix.
#[cfg(not(unix))]
pub fn termination() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
