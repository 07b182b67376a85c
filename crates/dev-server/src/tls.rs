//! Certificates of HTTPS listeners, and TLS in front of a server without it.

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum_server::tls_rustls::RustlsConfig;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde::Deserialize;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::error::DevServerError;
use crate::listener::Bound;

/// The files of a listener's certificate chain and private key, both PEM: `{certificate, privateKey}` in a configuration
/// file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TlsFiles {
    /// The certificate, followed by any intermediate ones.
    pub certificate: PathBuf,
    /// The certificate's private key.
    pub private_key: PathBuf,
}

impl TlsFiles {
    /// Checks that both files can be used, so that a server fails before it is ready.
    pub fn check(&self) -> Result<(), DevServerError> {
        self.server_config().map(|_| ())
    }

    /// Reads both files. The crypto provider is explicit because a process-wide default may be missing
    /// or, with several providers compiled in, ambiguous.
    pub(crate) fn server_config(&self) -> Result<RustlsConfig, DevServerError> {
        let unreadable = |path: &PathBuf, error: rustls::pki_types::pem::Error| {
            DevServerError::TlsFileUnreadable(path.clone(), error.to_string())
        };
        let chain = CertificateDer::pem_file_iter(&self.certificate)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| unreadable(&self.certificate, error))?;
        let key =
            PrivateKeyDer::from_pem_file(&self.private_key).map_err(|error| unreadable(&self.private_key, error))?;
        let refused = |error: rustls::Error| DevServerError::TlsRefused(error.to_string());
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(refused)?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(refused)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(RustlsConfig::from_config(Arc::new(config)))
    }
}

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
            // A connection that cannot be accepted, or a client that ends it, is nothing that a caller could mend.
            let Ok((connection, _)) = listener.accept().await else { continue };
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut client = acceptor.accept(connection).await?;
                let mut server = TcpStream::connect(upstream).await?;
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
    use super::*;
    use crate::{bind, self_signed_certificate, serve};
    use axum::{Router, routing::get};
    use rustls::pki_types::ServerName;
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
