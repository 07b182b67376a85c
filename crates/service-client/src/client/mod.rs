//! The client of the management API: one method for each request.

mod call;
mod claims;
mod invites;
mod lists;
mod permissions;
mod records;
mod users;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::http::HttpClient;
pub use crate::http::HttpClientUnavailable;
use crate::retry::RetryPolicy;
use crate::tokens::ServiceClientTokens;

/// How long a call takes at most, with all its tries, unless [`ManagementClient::with_deadline`] sets another time:
/// 10 seconds.
pub const DEFAULT_DEADLINE: Duration = Duration::from_secs(10);

/// Sends requests to Authress's management API as a service client.
///
/// Create one for the whole program: it keeps connections open, and clones share them. All methods need a Tokio runtime
/// with time and I/O. A call that is cancelled (its future dropped) may have been processed.
#[derive(Clone)]
pub struct ManagementClient {
    http: HttpClient,
    tokens: Arc<ServiceClientTokens>,
    policy: RetryPolicy,
    deadline: Duration,
    random: Arc<dyn Fn() -> u64 + Send + Sync>,
}

impl ManagementClient {
    /// Creates a client of the account to which the tokens belong. Nothing is requested yet.
    ///
    /// # Errors
    /// [`HttpClientUnavailable`].
    pub fn new(tokens: impl Into<Arc<ServiceClientTokens>>) -> Result<Self, HttpClientUnavailable> {
        Ok(Self {
            http: HttpClient::new()?,
            tokens: tokens.into(),
            policy: RetryPolicy::default(),
            deadline: DEFAULT_DEADLINE,
            // Without randomness, all delays are half as long as they can be.
            random: Arc::new(|| getrandom::u64().unwrap_or(u64::MAX / 2)),
        })
    }

    /// Sets how often and how fast requests are repeated.
    #[must_use]
    pub fn with_retry_policy(self, policy: RetryPolicy) -> Self {
        Self { policy, ..self }
    }

    /// Sets how long a call takes at most, with all its tries. For lists of several pages this is the time of each page.
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// Replaces the randomness of the delays between tries: uniform over all values.
    #[must_use]
    pub fn with_randomness(self, random: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self { random: Arc::new(random), ..self }
    }

    /// Returns the tokens with which this client identifies itself, for requests to other APIs.
    pub fn tokens(&self) -> &Arc<ServiceClientTokens> {
        &self.tokens
    }

    fn origin(&self) -> &str {
        self.tokens.api_origin()
    }
}

impl fmt::Debug for ManagementClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManagementClient")
            .field("tokens", &self.tokens)
            .field("policy", &self.policy)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
