//! How long a connection may wait for its next request, and for the rest of one that has begun.
//!
//! hyper has one limit for both. They are different: a proxy in front keeps idle connections for a minute, and whichever
//! side closes first must be the one that sends, or a request meets a connection that is just being closed. A client
//! that sends its head slowly deserves no minute.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// The requests of one connection: counted at their beginning and at their end. Clones share the count.
#[derive(Clone, Debug, Default)]
pub(crate) struct Requests(Arc<AtomicU32>);

impl Requests {
    /// A request has arrived. It ends with the value.
    pub(crate) fn begin(&self) -> Underway {
        self.0.fetch_add(1, Ordering::Relaxed);
        Underway(self.clone())
    }

    fn count(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub(crate) struct Underway(Requests);

impl Drop for Underway {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A stream whose reads fail once its client has kept the server waiting for too long. While a request is being
/// answered there is no deadline.
#[derive(Debug)]
pub(crate) struct ReadDeadline<S> {
    stream: S,
    requests: Requests,
    head: Duration,
    idle: Duration,
    /// The count at the last read.
    seen: u32,
    /// Whether bytes of the next request have arrived.
    has_begun: bool,
    deadline: Option<Instant>,
    sleep: Pin<Box<Sleep>>,
}

impl<S> ReadDeadline<S> {
    /// A new connection, whose client has `head` for its first head. After each request it may wait for `idle`.
    pub(crate) fn new(stream: S, requests: Requests, head: Duration, idle: Duration) -> Self {
        let deadline = Instant::now() + head;
        let seen = requests.count();
        let sleep = Box::pin(tokio::time::sleep_until(deadline));
        Self { stream, requests, head, idle, seen, has_begun: true, deadline: Some(deadline), sleep }
    }

    /// Notices requests that have begun or ended since the last read.
    fn catch_up(&mut self) {
        let count = self.requests.count();
        if count == self.seen {
            return;
        }
        self.seen = count;
        self.has_begun = false;
        let is_idle = count.is_multiple_of(2);
        self.deadline = is_idle.then(|| Instant::now() + self.idle);
    }

    /// Whether the deadline has passed. If not, the task is woken when it does.
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
        this.catch_up();
        if read.is_pending() {
            return this.poll_deadline(context).map(|()| Err(io::ErrorKind::TimedOut.into()));
        }
        if this.deadline.is_some() && !this.has_begun {
            this.has_begun = true;
            this.deadline = Some(Instant::now() + this.head);
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
        // After an answer hyper does not read again before bytes arrive: the wait for them begins here.
        this.catch_up();
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

    /// Far apart, so that a slow machine does not take the one for the other.
    const HEAD: Duration = Duration::from_millis(200);
    const IDLE: Duration = Duration::from_secs(4);

    /// How long a read goes on waiting until it times out.
    async fn wait(stream: &mut ReadDeadline<tokio::io::DuplexStream>) -> Duration {
        let start = Instant::now();
        assert_eq!(stream.read_u8().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        start.elapsed()
    }

    #[tokio::test]
    async fn a_head_an_idle_connection_and_a_request_each_have_their_own_time() {
        let (mut client, server) = tokio::io::duplex(64);
        let requests = Requests::default();
        let mut stream = ReadDeadline::new(server, requests.clone(), HEAD, IDLE);

        client.write_u8(1).await.unwrap();
        stream.read_u8().await.unwrap();
        let time = wait(&mut stream).await;
        assert!(time < IDLE, "the first head: {time:?}");

        let request = requests.begin();
        let answering = tokio::time::timeout(IDLE + HEAD, stream.read_u8()).await;
        assert!(answering.is_err(), "no deadline while it is answered: {answering:?}");
        drop(request);

        let time = wait(&mut stream).await;
        assert!(time >= IDLE - HEAD, "idle: {time:?}");
        drop(requests.begin());

        // The next head begins, and trickles in: its bytes win no time.
        client.write_u8(1).await.unwrap();
        stream.read_u8().await.unwrap();
        client.write_u8(1).await.unwrap();
        tokio::time::sleep(HEAD).await;
        stream.read_u8().await.unwrap();
        let time = wait(&mut stream).await;
        assert!(time < IDLE, "the rest of the head: {time:?}");
    }

    #[tokio::test]
    async fn the_wait_for_the_next_request_begins_with_the_flush_of_an_answer() {
        let (_client, server) = tokio::io::duplex(64);
        let requests = Requests::default();
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
