//! TLS in front of a server that speaks plain HTTP.

use std::future::Future;
use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::error::DevServerError;
use crate::listener::Bound;
use crate::tls::TlsFiles;

/// Accepts TLS connections until `shutdown` resolves, and passes their bytes on to `upstream`: what a load balancer does in
/// front of a server that speaks plain HTTP.
pub async fn terminate_tls(
    bound: Bound,
    upstream: SocketAddr,
    tls: &TlsFiles,
    shutdown: impl Future<Output = ()>,
) -> Result<(), DevServerError> {
    let acceptor = TlsAcceptor::from(tls.server_config()?.get_inner());
    let listener = TcpListener::from_std(bound.into_listener()).map_err(DevServerError::ServeFailed)?;
    let accept = async {
        loop {
            // A connection that cannot be accepted, or a client that ends it, is nothing that a caller could fix.
            let Ok((connection, _)) = listener.accept().await else { continue };
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // As in `serve`.
                connection.set_nodelay(true)?;
                let mut client = acceptor.accept(connection).await?;
                let mut server = TcpStream::connect(upstream).await?;
                server.set_nodelay(true)?;
                copy_bidirectional(&mut client, &mut server).await
            });
        }
    };
    tokio::select! {
        () = accept => {}
        () = shutdown => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{bind, self_signed_certificate, serve};
    use axum::{Router, routing::get};
    use rustls::crypto::ring;
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, ServerName};
    use rustls::{ClientConfig, RootCertStore};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio_rustls::TlsConnector;

    #[tokio::test]
    async fn a_server_without_tls_is_reached_by_https() {
        let folder = std::env::temp_dir().join(format!("terminate-tls-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let files = self_signed_certificate(&["verify.shop.test".to_owned()], &folder).unwrap();
        let loopback = || bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let (plain, tls) = (loopback(), loopback());
        let (upstream, addr) = (plain.local_addr(), tls.local_addr());
        let server = tokio::spawn(serve(plain, Router::new().route("/", get("plain")), None, std::future::pending()));
        let root = CertificateDer::from_pem_file(&files.certificate).unwrap();
        let terminator =
            tokio::spawn(async move { terminate_tls(tls, upstream, &files, std::future::pending()).await });

        let mut roots = RootCertStore::empty();
        roots.add(root).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connection = TcpStream::connect(addr).await.unwrap();
        let name = ServerName::try_from("verify.shop.test").unwrap();
        let mut stream = TlsConnector::from(Arc::new(config)).connect(name, connection).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut response = String::new();
        let _ = stream.read_to_string(&mut response).await;
        assert!(response.ends_with("plain"), "{response}");
        server.abort();
        terminator.abort();
        std::fs::remove_dir_all(folder).unwrap();
    }
}
