//! A sandbox made from its configuration: ports, keys, state and router.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

#[cfg(feature = "server")]
use authress_dev_server::{Bound, DevServerError, TlsFiles, bind, serve, write_private_file};
use authress_jws::SigningKey;
use authress_secret::Secret;
use axum::Router;
#[cfg(feature = "server")]
use tokio::sync::watch;
use url::Url;

use crate::clock::Clock;
use crate::config::{Config, ConfigError};
use crate::entropy::Entropy;
use crate::http::router;
use crate::http::shared_state::SharedState;
use crate::model::invite::InviteContent;
use crate::model::service_client::ServiceClient;
#[cfg(feature = "server")]
use crate::site::PublicUrl;
use crate::state::State;

/// Why a sandbox did not start or stopped early.
#[derive(Debug)]
pub enum SandboxError {
    /// The configuration cannot be used.
    Config(ConfigError),
    /// A listener failed.
    #[cfg(feature = "server")]
    Server(DevServerError),
    /// The operating system gave no randomness for keys.
    EntropyUnavailable,
    /// An access key could not be written.
    #[cfg(feature = "server")]
    AccessKeyNotWritten(std::path::PathBuf, std::io::Error),
}

impl fmt::Display for SandboxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => error.fmt(f),
            #[cfg(feature = "server")]
            Self::Server(error) => error.fmt(f),
            Self::EntropyUnavailable => f.write_str("the operating system gave no randomness for keys; try again"),
            #[cfg(feature = "server")]
            Self::AccessKeyNotWritten(path, error) => {
                write!(f, "cannot write the access key to {}: {error}", path.display())
            }
        }
    }
}

impl std::error::Error for SandboxError {}

impl From<ConfigError> for SandboxError {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

#[cfg(feature = "server")]
impl From<DevServerError> for SandboxError {
    fn from(error: DevServerError) -> Self {
        Self::Server(error)
    }
}

/// A sandbox that owns its ports and has written its access keys, and does not serve requests yet.
#[cfg(feature = "server")]
#[derive(Debug)]
pub struct Sandbox {
    public_url: PublicUrl,
    bound: Bound,
    internal: Option<Bound>,
    tls: Option<TlsFiles>,
    router: Router,
}

#[cfg(feature = "server")]
impl Sandbox {
    /// Binds the ports, generates all keys and writes the access keys.
    pub fn prepare(config: &Config) -> Result<Self, SandboxError> {
        let bound = bind(config.listen)?;
        let internal = config.internal_listen.map(bind).transpose()?;
        let tls = config.tls.clone();
        tls.as_ref().map_or(Ok(()), TlsFiles::check)?;
        let (state, access_keys) = build(config, bound.local_addr(), Clock::default())?;
        for (client, (_, access_key)) in config.service_clients.iter().zip(&access_keys) {
            let path = &client.access_key_file;
            write_private_file(path, access_key.expose())
                .map_err(|error| SandboxError::AccessKeyNotWritten(path.clone(), error))?;
        }
        let public_url = state.public_url.clone();
        Ok(Self { public_url, bound, internal, tls, router: router(SharedState::new(state), config.control) })
    }

    /// The origin under which browsers reach it.
    pub fn public_url(&self) -> &str {
        self.public_url.as_str()
    }

    /// The address it listens on, with the real port.
    pub fn local_addr(&self) -> SocketAddr {
        self.bound.local_addr()
    }

    /// Serves until `shutdown` resolves and the requests in flight are done.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send + 'static) -> Result<(), SandboxError> {
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(async move {
            shutdown.await;
            // Fails only when both listeners have ended already.
            let _ = stop.send(true);
        });
        let until_stopped = |mut stopped: watch::Receiver<bool>| async move {
            let _ = stopped.wait_for(|stop| *stop).await;
        };
        let internal = async {
            match self.internal {
                Some(bound) => serve(bound, self.router.clone(), None, until_stopped(stopped.clone())).await,
                None => Ok(()),
            }
        };
        let main = serve(self.bound, self.router.clone(), self.tls, until_stopped(stopped.clone()));
        tokio::try_join!(main, internal)?;
        Ok(())
    }
}

/// A sandbox inside another program, which calls its router and sets its clock. It has no ports and writes no files.
#[derive(Debug)]
pub struct InProcess {
    /// The routes of the sandbox.
    pub router: Router,
    /// The access keys of the service clients by client id, in the order of the configuration.
    pub access_keys: Vec<(String, Secret)>,
}

impl InProcess {
    /// Generates all keys. `now_ms` is the sandbox's clock, in milliseconds since 1970; the program advances it.
    ///
    /// # Errors
    /// [`SandboxError::Config`], [`SandboxError::EntropyUnavailable`].
    pub fn new(config: &Config, now_ms: Arc<AtomicU64>) -> Result<Self, SandboxError> {
        let (state, access_keys) = build(config, config.listen, Clock::simulated(now_ms))?;
        Ok(Self { router: router(SharedState::new(state), config.control), access_keys })
    }
}

/// The access keys by client id, in the order of the configuration.
pub(crate) type AccessKeys = Vec<(String, Secret)>;

/// Makes a new state, and the access keys of its service clients.
pub(crate) fn build(config: &Config, bound: SocketAddr, clock: Clock) -> Result<(State, AccessKeys), SandboxError> {
    let no_entropy = |_| SandboxError::EntropyUnavailable;
    let mut entropy = Entropy::from_system().ok_or(SandboxError::EntropyUnavailable)?;
    let signing_key = SigningKey::generate(entropy.id()).map_err(no_entropy)?;
    let mut state = State::new(config.public_url(bound)?, signing_key);
    state.dialect = config.dialect.clone();
    state.configured_dialect = config.dialect.clone();
    state.applications =
        config.applications()?.into_iter().map(|application| (application.id.clone(), application)).collect();
    state.extensions = config.extensions()?.into_iter().map(|extension| (extension.id.clone(), extension)).collect();
    state.login_page = config.login_page()?;
    state.connections = config.connections();
    state.tenants = config.tenants();
    state.claimable_collections = config.claimable_collections()?;
    state.roles = config.roles();
    state.clock = clock;
    let now_ms = state.clock.now_ms();
    for invite in &config.invites {
        let expires_at_ms = now_ms.saturating_add(invite.expires_in_seconds.saturating_mul(1000));
        state.invites.add(invite.invite_id.clone(), expires_at_ms, InviteContent::default());
    }
    let mut access_keys = vec![];
    for client in &config.service_clients {
        let invalid = |_| ConfigError(format!("authorizationUrl of {} is not a URL", client.client_id));
        let url = Url::parse(&client.authorization_url).map_err(invalid)?;
        let (service_client, access_key) =
            ServiceClient::generate(&client.client_id, url, client.options, &mut entropy).map_err(no_entropy)?;
        if let Some(record) = client.access_record()? {
            let taken = |_| ConfigError(format!("the service client {} is configured twice", client.client_id));
            state.access_records.create(format!("rec_{}", client.client_id), record, now_ms).map_err(taken)?;
        }
        access_keys.push((client.client_id.clone(), access_key));
        state.service_clients.insert(client.client_id.clone(), service_client);
    }
    Ok((state, access_keys))
}
