//! Serving until asked to stop, without dropping an answer.

use std::future::{Future, IntoFuture};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::Notify;

/// How long requests in flight may take after the signal to stop. A client that never finishes its
/// request must not keep the process alive.
pub const DRAIN_LIMIT: Duration = Duration::from_secs(10);

/// Serves until `shutdown` completes, then takes no new connection, finishes the requests in
/// flight and returns, after [`DRAIN_LIMIT`] at the latest.
///
/// # Errors
/// When the listener fails for good.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let stopping = Arc::new(Notify::new());
    let announce = Arc::clone(&stopping);
    let graceful = axum::serve(listener, app).with_graceful_shutdown(async move {
        shutdown.await;
        announce.notify_one();
    });
    tokio::select! {
        result = graceful.into_future() => result,
        () = async { stopping.notified().await; tokio::time::sleep(DRAIN_LIMIT).await } => {
            tracing::warn!("stopped although some requests were not finished");
            Ok(())
        }
    }
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
