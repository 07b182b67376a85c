//! A connection to Redis and the prefix of its keys.

use std::fmt;
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};

use crate::{StoreFailure, StoreUrl};

/// A connection that is made on first use, and again after a failure. A command that failed is not repeated. Cheap to
/// clone.
#[derive(Clone)]
pub struct Store {
    connection: ConnectionManager,
    prefix: String,
}

impl Store {
    /// A store at `url`, whose keys begin with `prefix`. Must be called within a Tokio runtime; nothing is sent yet.
    ///
    /// # Errors
    /// [`StoreFailure`] if TLS cannot be set up.
    pub fn new(url: &StoreUrl, prefix: &str) -> Result<Self, StoreFailure> {
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(TIMEOUT))
            .set_response_timeout(Some(TIMEOUT))
            .set_number_of_retries(1);
        let connection = ConnectionManager::new_lazy_with_config(url.client().clone(), config)?;
        Ok(Self { connection, prefix: prefix.to_owned() })
    }

    /// Returns the full key. The braces (a hash tag) keep all keys of a store on one node of a cluster, so that one
    /// script can change several of them.
    pub fn key(&self, name: impl fmt::Display) -> String {
        format!("{{{}}}:{name}", self.prefix)
    }

    /// Returns the connection.
    pub fn connection(&self) -> ConnectionManager {
        self.connection.clone()
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

/// For a connection and for a response.
const TIMEOUT: Duration = Duration::from_secs(3);
