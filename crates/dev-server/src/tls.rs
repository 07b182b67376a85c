//! Certificates of HTTPS listeners.

use std::path::PathBuf;
use std::sync::Arc;

use axum_server::tls_rustls::RustlsConfig;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde::Deserialize;

use crate::error::DevServerError;

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
