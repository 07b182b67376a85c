//! Shutdown by signals.

use std::future::Future;

/// Resolves when the process is asked to stop: SIGINT (Ctrl-C) or, on Unix, SIGTERM.
///
/// The handlers are installed by the call, not by the first poll: call it before printing that the server is
/// ready, or an early signal kills the process. It must be called inside a Tokio runtime. If no handler can be
/// installed, the future never resolves and the default action of the signal still ends the process.
pub fn shutdown_signal() -> impl Future<Output = ()> + Send + 'static {
    let interrupt = handler::interrupt();
    let terminate = handler::terminate();
    async {
        tokio::select! {
            () = interrupt => (),
            () = terminate => (),
        }
    }
}

#[cfg(unix)]
mod handler {
    use std::future::Future;

    use tokio::signal::unix::{SignalKind, signal};

    pub(super) fn interrupt() -> impl Future<Output = ()> + Send + 'static {
        installed(SignalKind::interrupt())
    }

    pub(super) fn terminate() -> impl Future<Output = ()> + Send + 'static {
        installed(SignalKind::terminate())
    }

    fn installed(kind: SignalKind) -> impl Future<Output = ()> + Send + 'static {
        let stream = signal(kind);
        async {
            match stream {
                Ok(mut stream) => {
                    stream.recv().await;
                }
                Err(_) => std::future::pending().await,
            }
        }
    }
}

#[cfg(not(unix))]
mod handler {
    use std::future::{Future, pending};

    pub(super) async fn interrupt() {
        if tokio::signal::ctrl_c().await.is_err() {
            pending::<()>().await;
        }
    }

    pub(super) fn terminate() -> impl Future<Output = ()> + Send + 'static {
        pending()
    }
}
