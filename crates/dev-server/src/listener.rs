//! Listeners on loopback, and serving until shutdown.

use std::future::Future;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use axum::Router;
use axum_server::{Handle, accept::NoDelayAcceptor, tls_rustls::RustlsAcceptor};

use crate::error::DevServerError;
use crate::tls::TlsFiles;

/// How long requests in flight may take after the start of a shutdown, before their connections are closed.
pub const GRACE_PERIOD: Duration = Duration::from_secs(5);

/// A listener that owns its port. Connections wait until [`serve`] accepts them.
#[derive(Debug)]
pub struct Bound {
    listener: TcpListener,
    local_addr: SocketAddr,
}

impl Bound {
    /// The address with the actual port, also if port 0 was requested.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    pub(crate) fn into_listener(self) -> TcpListener {
        self.listener
    }
}

/// Binds a loopback address; with port 0 the operating system chooses a free port.
pub fn bind(addr: SocketAddr) -> Result<Bound, DevServerError> {
    if !addr.ip().is_loopback() {
        return Err(DevServerError::NotLoopback(addr));
    }
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::AddrInUse => DevServerError::AddressInUse(addr),
        // `ErrorKind` is non-exhaustive; all other kinds have the same message.
        _ => DevServerError::ListenFailed(addr, error),
    };
    let listener = TcpListener::bind(addr).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let local_addr = listener.local_addr().map_err(failed)?;
    Ok(Bound { listener, local_addr })
}

/// Serves until `shutdown` resolves, then lets requests in flight finish for up to
/// [`GRACE_PERIOD`]. With `tls` the listener speaks HTTPS only.
pub async fn serve(
    bound: Bound,
    router: Router,
    tls: Option<TlsFiles>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), DevServerError> {
    let tls = tls.map(|files| files.server_config()).transpose()?;
    let handle = Handle::new();
    let stopper = tokio::spawn({
        let handle = handle.clone();
        async move {
            shutdown.await;
            handle.graceful_shutdown(Some(GRACE_PERIOD));
        }
    });
    // So that the router knows the client IP address of a request.
    let app = router.into_make_service_with_connect_info::<SocketAddr>();
    // Without it the first response of a TLS connection waits 40 ms: for the acknowledgement of the session tickets.
    let acceptor = NoDelayAcceptor::new();
    let served = match (axum_server::from_tcp(bound.listener), tls) {
        (Err(error), _) => Err(error),
        (Ok(server), None) => server.acceptor(acceptor).handle(handle).serve(app).await,
        (Ok(server), Some(config)) => {
            let acceptor = RustlsAcceptor::new(config).acceptor(acceptor);
            server.acceptor(acceptor).handle(handle).serve(app).await
        }
    };
    stopper.abort();
    served.map_err(DevServerError::ServeFailed)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use axum::extract::ConnectInfo;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::{Notify, oneshot};

    fn loopback() -> SocketAddr {
        "127.0.0.1:0".parse().unwrap()
    }

    #[test]
    fn an_address_that_other_machines_can_reach_is_an_error() {
        for addr in ["0.0.0.0:0", "[::]:0", "192.0.2.1:80"] {
            let error = bind(addr.parse().unwrap()).unwrap_err();
            assert_eq!(error.code(), "NotLoopback");
        }
    }

    #[test]
    fn the_error_names_a_port_in_use() {
        let first = bind(loopback()).unwrap();
        let error = bind(first.local_addr()).unwrap_err();
        assert_eq!(error.code(), "AddressInUse");
        assert!(error.to_string().contains("already in use"));
    }

    #[tokio::test]
    async fn a_request_in_flight_is_completed_before_the_server_stops() {
        let started = Arc::new(Notify::new());
        let (stop, stopped) = oneshot::channel::<()>();
        let signal = started.clone();
        let slow = get(move || async move {
            signal.notify_one();
            tokio::time::sleep(Duration::from_millis(100)).await;
            "done"
        });
        let router = Router::new().route("/", slow);
        let bound = bind(loopback()).unwrap();
        let addr = bound.local_addr();
        let server = tokio::spawn(serve(bound, router, None, async {
            let _ = stopped.await;
        }));
        let mut stream = tokio::net::TcpStream::connect(addr).await.unwrap();
        let request = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
        stream.write_all(request.as_bytes()).await.unwrap();
        started.notified().await;
        stop.send(()).unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).await.unwrap();
        assert!(response.starts_with("HTTP/1.1 200"));
        assert!(response.ends_with("done"));
        server.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn the_router_knows_the_client_ip_address() {
        let peer = get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| std::future::ready(peer.to_string()));
        let bound = bind(loopback()).unwrap();
        let addr = bound.local_addr();
        let router = Router::new().route("/", peer);
        let server = tokio::spawn(serve(bound, router, None, std::future::pending()));
        let mut stream = tokio::net::TcpStream::connect(addr).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).await.unwrap();
        assert!(response.ends_with(&stream.local_addr().unwrap().to_string()), "{response}");
        server.abort();
    }

    #[tokio::test]
    async fn the_error_names_a_missing_certificate() {
        let files = TlsFiles { certificate: "no-such-cert.pem".into(), private_key: "no-such-key.pem".into() };
        let bound = bind(loopback()).unwrap();
        let served = serve(bound, Router::new(), Some(files), std::future::ready(())).await;
        let error = served.unwrap_err();
        assert_eq!(error.code(), "TlsFileUnreadable");
        assert!(error.to_string().contains("no-such-cert.pem"));
    }
}
