//! Serving with bounds on what one connection may take, until asked to stop, and then without
//! losing an answer.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_io_timeout::TimeoutStream;
use tower::{Service, ServiceExt};

use crate::read_deadline::{ReadDeadline, Requests};

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
    listener.local_addr()?;
    let connections = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    let mut stop = pin!(async {
        shutdown.await;
        tokio::time::sleep(limits.shutdown_delay).await;
    });
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &connections) => accepted,
            () = &mut stop => break,
        };
        let (stream, peer, permit) = accepted;
        let connection = connection(stream, peer, &app, limits, true);
        let watched = graceful.watch(connection);
        tokio::spawn(async move {
            // A client that goes away or sends nonsense has had its answer from hyper.
            let _ = watched.await;
            drop(permit);
        });
    }
    // What the operating system has already taken for us would be reset with the listener: it gets one answer each.
    // As many as it can have taken, and not whoever comes meanwhile: that would go on as long as there is a crowd.
    let mut last = tokio::task::JoinSet::new();
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

async fn accept(
    listener: &TcpListener,
    connections: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, Option<OwnedSemaphorePermit>) {
    // The semaphore is never closed.
    let permit = Arc::clone(connections).acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer, permit),
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                // Usually too many open files: it gets better when connections end, and not by trying at once.
                tracing::warn!(error = %error.kind(), "no connection can be taken");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

/// How many connections tokio lets the operating system take for a listener.
const BACKLOG: usize = 1024;

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    [ConnectionAborted, ConnectionRefused, ConnectionReset].contains(&error.kind())
}

/// What hyper reads from: the socket with a bound on writes, and one on the waits of its reads.
type Io = TokioIo<ReadDeadline<Pin<Box<TimeoutStream<TcpStream>>>>>;

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
