//! Separate timeouts for idle connections and for incomplete request heads.
//!
//! hyper has one timeout for both. They differ: a proxy in front keeps idle connections for a minute and must be the
//! side that closes them, or a request meets a connection that the server is closing. A client that sends its request
//! head slowly (slowloris) should not get a minute.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// The progress of the requests of one connection. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Requests(Arc<Progress>);

#[derive(Debug)]
struct Progress {
    /// The number of beginnings and ends of requests.
    count: AtomicU32,
    /// Whether the client is to send the head of a request.
    head_is_due: AtomicBool,
}

impl Requests {
    /// Those of a new connection, whose client is to send the head of its first request.
    pub(crate) fn new() -> Self {
        Self(Arc::new(Progress { count: AtomicU32::new(0), head_is_due: AtomicBool::new(true) }))
    }

    /// Counts the beginning of a request, whose head is complete. Its end is when the returned value is dropped.
    pub(crate) fn begin(&self) -> RequestInFlight {
        self.0.head_is_due.store(false, Ordering::Relaxed);
        self.0.count.fetch_add(1, Ordering::Relaxed);
        RequestInFlight(self.clone())
    }

    /// Returns whether the head of the first request, or the rest of a later head, is still to come.
    pub(crate) fn head_is_due(&self) -> bool {
        self.0.head_is_due.load(Ordering::Relaxed)
    }

    /// Notes that bytes have arrived on an idle connection. Returns whether they are the first ones of a head.
    fn head_arrives(&self) -> bool {
        !self.0.head_is_due.swap(true, Ordering::Relaxed)
    }

    fn count(&self) -> u32 {
        self.0.count.load(Ordering::Relaxed)
    }
}

/// A request that has no response yet.
#[derive(Debug)]
pub(crate) struct RequestInFlight(Requests);

impl Drop for RequestInFlight {
    fn drop(&mut self) {
        self.0.0.count.fetch_add(1, Ordering::Relaxed);
    }
}

/// A stream whose reads fail when the client exceeds a timeout. There is no deadline while a request is in flight.
#[derive(Debug)]
pub(crate) struct ReadDeadline<S> {
    stream: S,
    requests: Requests,
    header_timeout: Duration,
    idle_timeout: Duration,
    /// The count of `requests` at the last read or flush.
    last_count: u32,
    deadline: Option<Instant>,
    sleep: Pin<Box<Sleep>>,
}

impl<S> ReadDeadline<S> {
    /// Wraps a new connection. The client has `header_timeout` for each request head, and may be idle for
    /// `idle_timeout` after each response.
    pub(crate) fn new(stream: S, requests: Requests, header_timeout: Duration, idle_timeout: Duration) -> Self {
        let deadline = Instant::now() + header_timeout;
        let last_count = requests.count();
        let sleep = Box::pin(tokio::time::sleep_until(deadline));
        Self { stream, requests, header_timeout, idle_timeout, last_count, deadline: Some(deadline), sleep }
    }

    /// Resets the deadline if requests have begun or ended since the last read or flush.
    fn update_deadline(&mut self) {
        let count = self.requests.count();
        if count == self.last_count {
            return;
        }
        self.last_count = count;
        let is_idle = count.is_multiple_of(2);
        self.deadline = is_idle.then(|| Instant::now() + self.idle_timeout);
    }

    /// Returns ready when the deadline has passed, and wakes the task then.
    fn poll_deadline(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = self.deadline else { return Poll::Pending };
        if self.sleep.deadline() != deadline {
            self.sleep.as_mut().reset(deadline);
        }
        self.sleep.as_mut().poll(context)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ReadDeadline<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let read = Pin::new(&mut this.stream).poll_read(context, buffer);
        this.update_deadline();
        if read.is_pending() {
            return this.poll_deadline(context).map(|()| Err(io::ErrorKind::TimedOut.into()));
        }
        if this.deadline.is_some() && this.requests.head_arrives() {
            this.deadline = Some(Instant::now() + this.header_timeout);
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ReadDeadline<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        // After a response hyper does not read before bytes arrive, so the idle time begins here.
        this.update_deadline();
        let _ = this.poll_deadline(context);
        Pin::new(&mut this.stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// Far apart, so that a slow machine does not confuse them.
    const HEAD: Duration = Duration::from_millis(200);
    const IDLE: Duration = Duration::from_secs(4);

    /// Returns how long a read waits until it times out.
    async fn wait(stream: &mut ReadDeadline<tokio::io::DuplexStream>) -> Duration {
        let start = Instant::now();
        assert_eq!(stream.read_u8().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        start.elapsed()
    }

    #[tokio::test]
    async fn request_heads_and_idle_connections_have_different_timeouts_and_requests_in_flight_have_none() {
        let (mut client, server) = tokio::io::duplex(64);
        let requests = Requests::new();
        let mut stream = ReadDeadline::new(server, requests.clone(), HEAD, IDLE);

        assert!(requests.head_is_due(), "the first one");
        client.write_u8(1).await.unwrap();
        stream.read_u8().await.unwrap();
        let time = wait(&mut stream).await;
        assert!(time < IDLE, "the first head: {time:?}");

        let request = requests.begin();
        assert!(!requests.head_is_due(), "in flight");
        let in_flight = tokio::time::timeout(IDLE + HEAD, stream.read_u8()).await;
        assert!(in_flight.is_err(), "no deadline while a request is in flight: {in_flight:?}");
        drop(request);

        let time = wait(&mut stream).await;
        assert!(time >= IDLE - HEAD, "idle: {time:?}");
        assert!(!requests.head_is_due(), "idle");
        drop(requests.begin());

        // The next head arrives slowly: its bytes do not extend the deadline.
        client.write_u8(1).await.unwrap();
        stream.read_u8().await.unwrap();
        assert!(requests.head_is_due(), "its first bytes have arrived");
        client.write_u8(1).await.unwrap();
        tokio::time::sleep(HEAD).await;
        stream.read_u8().await.unwrap();
        let time = wait(&mut stream).await;
        assert!(time < IDLE, "the rest of the head: {time:?}");
    }

    #[tokio::test]
    async fn the_idle_time_begins_with_the_flush_of_a_response() {
        let (_client, server) = tokio::io::duplex(64);
        let requests = Requests::new();
        let mut stream = ReadDeadline::new(server, requests.clone(), IDLE, HEAD);
        drop(requests.begin());
        let start = Instant::now();
        // As hyper does: it flushes, and reads again only when it is woken.
        let woken = std::future::poll_fn(|context| {
            let _ = Pin::new(&mut stream).poll_flush(context);
            if start.elapsed() < HEAD { Poll::Pending } else { Poll::Ready(()) }
        });
        tokio::time::timeout(Duration::from_secs(60), woken).await.expect("it is woken at its deadline");
    }
}
