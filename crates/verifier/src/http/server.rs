//! Serving with bounds on what one connection may take, until asked to stop, and then without
//! losing an answer.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use prometheus_client::metrics::gauge::Gauge;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_io_timeout::TimeoutStream;
use tower::{Service, ServiceExt};

use super::read_deadline::{ReadDeadline, Requests};

/// What a connection may take. HTTP/1.1 has one request at a time on each, so the number of
/// connections also bounds the requests that are worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerLimits {
    /// Connections at once. More are not taken until one ends; the operating system lets them wait.
    pub connections: usize,
    /// The longest head of a request; longer ones get 431. At least 8192.
    pub header_bytes: usize,
    /// How long a client may take to send the head of a request.
    pub header_timeout: Duration,
    /// How long a connection may wait for its next request. Longer than the proxy in front keeps idle connections:
    /// the side that sends must close first.
    pub idle_timeout: Duration,
    /// How long an answer may take, and after that how long a client may take none of it.
    pub request_timeout: Duration,
    /// How long to go on after the signal to stop.
    pub shutdown_delay: Duration,
    /// How long requests in flight may take after that.
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

/// The open connections of a listener. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Connections {
    open: Gauge,
    limit: Gauge,
}

impl Connections {
    /// How many are open, and how many there can be at most.
    pub(crate) fn gauges(&self) -> (&Gauge, &Gauge) {
        (&self.open, &self.limit)
    }

    fn begin(&self, permit: Option<OwnedSemaphorePermit>) -> OpenConnection {
        self.open.inc();
        OpenConnection { open: self.open.clone(), _permit: permit }
    }
}

/// Counts down also when the task of the connection panics.
struct OpenConnection {
    open: Gauge,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.open.dec();
    }
}

/// What can be served: an axum [`Router`](axum::Router), or any other tower service of this form.
pub trait AnyApp:
    Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + 'static
{
}

impl<A> AnyApp for A where
    A: Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + 'static
{
}

/// Serves until `shutdown` completes. Then it goes on for the shutdown delay, takes no new connection,
/// finishes the requests in flight and returns, after the drain time at the latest.
///
/// The handlers find the address of the connection in [`ConnectInfo`].
///
/// # Errors
/// When the listener cannot say what it listens on.
pub async fn serve<A: AnyApp>(
    listener: TcpListener,
    app: A,
    limits: ServerLimits,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    serve_counted(listener, app, limits, Connections::default(), shutdown).await
}

/// The same as [`serve`], which shows how many connections are open in `connections`.
///
/// # Errors
/// As [`serve`].
pub async fn serve_counted<A: AnyApp>(
    listener: TcpListener,
    app: A,
    limits: ServerLimits,
    connections: Connections,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    listener.local_addr()?;
    connections.limit.set(i64::try_from(limits.connections).unwrap_or(i64::MAX));
    let mut acceptor = Acceptor::new(listener, limits.connections);
    let graceful = GracefulShutdown::new();
    let mut stop = pin!(async {
        shutdown.await;
        tokio::time::sleep(limits.shutdown_delay).await;
    });
    loop {
        let accepted = tokio::select! {
            accepted = acceptor.accept() => accepted,
            () = &mut stop => break,
        };
        let (stream, peer, permit) = accepted;
        let open = connections.begin(permit);
        let connection = connection(stream, peer, &app, limits, true);
        let watched = graceful.watch(connection);
        tokio::spawn(async move {
            // A client that goes away or sends nonsense has had its answer from hyper.
            let _ = watched.await;
            drop(open);
        });
    }
    // What the operating system has already taken for us would be reset with the listener: it gets one answer each.
    // As many as it can have taken, and not whoever comes meanwhile: that would go on as long as there is a crowd.
    let mut last = tokio::task::JoinSet::new();
    let listener = acceptor.listener;
    for _ in 0..BACKLOG {
        let Ok(Ok((stream, peer))) = tokio::time::timeout(Duration::ZERO, listener.accept()).await else { break };
        let connection = connection(stream, peer, &app, limits, false);
        last.spawn(async move {
            let _ = connection.await;
        });
    }
    drop(listener);
    let finished = async {
        graceful.shutdown().await;
        while last.join_next().await.is_some() {}
    };
    if tokio::time::timeout(limits.drain, finished).await.is_err() {
        tracing::warn!("stopped although some requests were not finished");
    }
    Ok(())
}

/// Accepts connections, as many at once as there may be.
struct Acceptor {
    listener: TcpListener,
    free: Arc<Semaphore>,
    all_in_use: Reports,
    no_descriptor: Reports,
}

impl Acceptor {
    fn new(listener: TcpListener, connections: usize) -> Self {
        let connections = connections.min(Semaphore::MAX_PERMITS);
        Self {
            listener,
            free: Arc::new(Semaphore::new(connections)),
            all_in_use: Reports::default(),
            no_descriptor: Reports::default(),
        }
    }

    async fn accept(&mut self) -> (TcpStream, SocketAddr, Option<OwnedSemaphorePermit>) {
        let permit = match Arc::clone(&self.free).try_acquire_owned() {
            Ok(permit) => Some(permit),
            Err(_) => {
                if self.all_in_use.is_due() {
                    tracing::warn!(
                        listener = self.listener.local_addr().ok().map(tracing::field::display),
                        "all connections are in use: new ones wait. For logins raise server.connections, or bound the \
                         connections of each client in the proxy in front"
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
                        tracing::warn!(error = name_of(&error), "no connection can be accepted. {}", advice(&error));
                    }
                    // It gets better when connections end, and not by trying at once.
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        }
    }
}

/// What lasts is reported once a minute.
#[derive(Default)]
struct Reports {
    last: Option<Instant>,
}

impl Reports {
    fn is_due(&mut self) -> bool {
        let now = Instant::now();
        let is_due = self.last.is_none_or(|last| now.duration_since(last) >= Duration::from_secs(60));
        if is_due {
            self.last = Some(now);
        }
        is_due
    }
}

/// The standard library has no kind for the two that are usual; their numbers are the same on every Unix.
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
            "This process has too many open files: raise its limit (LimitNOFILE= of systemd, ulimit -n) above \
             server.connections, or lower that"
        }
        Some(23) if cfg!(unix) => "The whole system has too many open files",
        _ => "It is tried again",
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    [ConnectionAborted, ConnectionRefused, ConnectionReset].contains(&error.kind())
}

/// What hyper reads from: the socket with a bound on writes, and one on the waits of its reads.
type Io = TokioIo<ReadDeadline<Pin<Box<TimeoutStream<TcpStream>>>>>;

/// How many connections tokio lets the operating system take for a listener.
const BACKLOG: usize = 1024;

fn connection<A: AnyApp>(
    stream: TcpStream,
    peer: SocketAddr,
    app: &A,
    limits: ServerLimits,
    keep_alive: bool,
) -> http1::Connection<Io, impl hyper::service::HttpService<Incoming, ResBody = Body, Future: Send> + use<A>> {
    // An answer is one small write: waiting for more to send would only delay it.
    let _ = stream.set_nodelay(true);
    // Who asks and asks and reads no answer would keep the connection: while hyper writes, it waits for no head.
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(limits.request_timeout));
    let requests = Requests::default();
    let stream = ReadDeadline::new(Box::pin(stream), requests.clone(), limits.header_timeout, limits.idle_timeout);
    let app = app.clone();
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let underway = requests.begin();
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        let answer = app.clone().oneshot(request);
        async move {
            let answer = answer.await;
            drop(underway);
            answer
        }
    });
    // At most 100 lines of headers, which is hyper's own bound: one that is set by hand costs an allocation for each
    // request. Answers have no body, so there is nothing to gather from several places.
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_buf_size(limits.header_bytes)
        .writev(false)
        .keep_alive(keep_alive)
        .serve_connection(TokioIo::new(stream), service)
}

/// Completes on SIGTERM or SIGINT. The signals are caught from this call on, not only once the
/// returned future is polled.
///
/// # Errors
/// When the operating system does not let signals be caught.
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

/// Completes on Ctrl-C.
///
/// # Errors
/// Never here; the signature is the same on every system.
#[cfg(not(unix))]
pub fn termination() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
