//! The addresses on which the verifier listens. A health check reads them alone: it needs no access key.

use std::net::SocketAddr;
use std::path::Path;

use super::error::ConfigError;
use super::sources::Sources;

/// The addresses of the listeners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listeners {
    /// The address of the listener for logins.
    pub logins: SocketAddr,
    /// The address of the listener for metrics and health checks, if one is configured.
    pub internal: Option<SocketAddr>,
}

impl Listeners {
    /// Reads the addresses from the environment of the process and from a TOML file.
    ///
    /// # Errors
    /// The first [`ConfigError`]. Access keys and other secrets are not read.
    pub fn read(file: Option<&Path>) -> Result<Self, ConfigError> {
        Self::parse(&Sources::of_process(file)?)
    }

    pub(super) fn parse(settings: &Sources) -> Result<Self, ConfigError> {
        Ok(Self {
            logins: settings.parsed("listen", ADDRESS)?,
            internal: match settings.get("metrics.listen") {
                Some(_) => Some(settings.parsed("metrics.listen", ADDRESS)?),
                None => None,
            },
        })
    }
}

const ADDRESS: &str = "an IP address with a port, such as 127.0.0.1:9000 or [::]:9000";
