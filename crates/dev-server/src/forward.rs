//! A TLS listener in front of another server of this machine.

use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::error::DevServerError;
use crate::listener::Bound;
use crate::tls::TlsFiles;

/// Forwards each TLS connection to `target` as plain TCP, byte for byte, until this future is dropped or the listener
/// fails. A connection that fails ends alone.
///
/// `target` sees the connections of this process and not the clients' addresses.
pub async fn forward(bound: Bound, target: SocketAddr, tls: &TlsFiles) -> Result<(), DevServerError> {
    let acceptor = TlsAcceptor::from(tls.server_config()?);
    let listener = TcpListener::from_std(bound.listener).map_err(DevServerError::ServeFailed)?;
    loop {
        let (client, _) = listener.accept().await.map_err(DevServerError::ServeFailed)?;
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            let mut client = acceptor.accept(client).await?;
            let mut server = TcpStream::connect(target).await?;
            copy_bidirectional(&mut client, &mut server).await
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::Router;
    use axum::routing::get;
    use rustls::crypto::ring;
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, ServerName};
    use rustls::{ClientConfig, RootCertStore};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio_rustls::TlsConnector;

    use super::*;
    use crate::{bind, self_signed_certificate, serve};

    fn loopback() -> SocketAddr {
        "127.0.0.1:0".parse().unwrap()
    }

    #[tokio::test]
    async fn a_request_over_tls_reaches_the_server_as_plain_http() {
        let folder = std::env::temp_dir().join(format!("authress-dev-server-forward-{}", std::process::id()));
        let files = self_signed_certificate(&["verifier.shop.test".to_owned()], &folder).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&files.certificate).unwrap()).unwrap();
        let server = bind(loopback()).unwrap();
        let target = server.local_addr();
        tokio::spawn(serve(server, Router::new().route("/", get(|| async { "plain" })), None, std::future::pending()));
        let front = bind(loopback()).unwrap();
        let address = front.local_addr();
        tokio::spawn(async move { forward(front, target, &files).await });

        // A connection that is not TLS ends alone.
        TcpStream::connect(address).await.unwrap().write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("verifier.shop.test").unwrap();
        let stream = TcpStream::connect(address).await.unwrap();
        let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: verifier.shop.test\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).await.unwrap();
        assert!(response.starts_with("HTTP/1.1 200") && response.ends_with("plain"), "{response}");
        std::fs::remove_dir_all(folder).unwrap();
    }
}
