//! Why a development server fails.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a development server could not start or stopped. Every message names what to change.
#[derive(Debug)]
#[non_exhaustive]
pub enum DevServerError {
    /// The address is reachable from other machines.
    NotLoopback(SocketAddr),
    /// Another process listens there already.
    AddressInUse(SocketAddr),
    /// The operating system refused the address for another reason.
    ListenFailed(SocketAddr, io::Error),
    /// A certificate or key file is missing or unreadable.
    TlsFileUnreadable(PathBuf, String),
    /// The certificate and the key were read but cannot be used together.
    TlsRefused(String),
    /// A certificate could not be made or written.
    CertificateNotMade(String),
    /// The listener failed while serving.
    ServeFailed(io::Error),
}

impl DevServerError {
    /// The stable code of this failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotLoopback(_) => "NotLoopback",
            Self::AddressInUse(_) => "AddressInUse",
            Self::ListenFailed(..) => "ListenFailed",
            Self::TlsFileUnreadable(..) => "TlsFileUnreadable",
            Self::TlsRefused(_) => "TlsRefused",
            Self::CertificateNotMade(_) => "CertificateNotMade",
            Self::ServeFailed(_) => "ServeFailed",
        }
    }
}

impl fmt::Display for DevServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotLoopback(addr) => write!(
                f,
                "{addr} can be reached from other machines; this development server only listens on a loopback address such as 127.0.0.1:{}",
                addr.port()
            ),
            Self::AddressInUse(addr) => {
                write!(f, "{addr} is already in use; stop the other process or choose another port")
            }
            Self::ListenFailed(addr, error) => write!(f, "cannot listen on {addr}: {error}"),
            Self::TlsFileUnreadable(path, reason) => {
                write!(f, "cannot read the TLS file {}: {reason}", path.display())
            }
            Self::TlsRefused(reason) => {
                write!(f, "the TLS certificate and key cannot be used: {reason}; make a new pair")
            }
            Self::CertificateNotMade(reason) => {
                write!(f, "cannot make a development certificate: {reason}")
            }
            Self::ServeFailed(error) => write!(f, "the listener failed: {error}"),
        }
    }
}

impl std::error::Error for DevServerError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::ListenFailed(_, error) | Self::ServeFailed(error) => Some(error),
            Self::NotLoopback(_)
            | Self::AddressInUse(_)
            | Self::TlsFileUnreadable(..)
            | Self::TlsRefused(_)
            | Self::CertificateNotMade(_) => None,
        }
    }
}
