//! What all requests share: configuration, token verifier, tickets and carts.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use authress_access_token::{ClaimTickets, TICKET_REMEMBERED, TokenPolicy, TokenVerifier};
use authress_client_address::{ForwardingHeader, TrustedProxies};
use authress_jws::SigningKey;
use authress_single_use::{MemorySingleUse, WhenFull};
use authress_user_migration::{Migrator, RedisJournal};
use axum::extract::FromRef;

use crate::cart_store::CartStore;
use crate::config::Config;

/// The state of the server. Cheap to clone.
#[derive(Clone)]
pub struct Shop {
    pub(crate) config: Arc<Config>,
    pub(crate) tokens: TokenVerifier,
    pub(crate) tickets: Arc<ClaimTickets>,
    pub(crate) carts: Arc<CartStore>,
    /// Moves carts in a way that a killed process does not interrupt. Without Redis, carts end with the process.
    pub(crate) migrator: Option<Migrator>,
    pub(crate) proxies: TrustedProxies,
    /// Seconds since 1970.
    pub(crate) now: fn() -> i64,
}

impl Shop {
    /// A shop with the system's clock. Nothing is fetched yet. With Redis, it must be called within a Tokio runtime.
    ///
    /// # Errors
    /// When the issuer is not valid, no HTTP client can be created or the operating system gives no random bytes.
    pub fn new(config: Config) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let policy = TokenPolicy::new(&config.issuer)?.for_application(config.application_id.as_str());
        let tokens = TokenVerifier::with_keys(policy, |_| config.jwks_url.clone())?;
        // The key exists in this process only, so its tickets end with it.
        let key = SigningKey::generate("cart-claims")?;
        let spent = MemorySingleUse::new(TICKET_REMEMBERED, MAX_TICKETS, WhenFull::Refuse);
        let tickets = Arc::new(ClaimTickets::new(config.origin(), key, Arc::new(spent)));
        let carts = Arc::new(CartStore::new(&config)?);
        let journal = config.redis_url.as_ref().map(RedisJournal::new).transpose()?;
        let migrator =
            journal.map(|journal| Migrator::new(Arc::new(journal), system_time).with_data(Arc::clone(&carts) as _));
        let proxies = TrustedProxies { hops: config.trusted_hops, header: ForwardingHeader::XForwardedFor };
        Ok(Self { config: Arc::new(config), tokens, tickets, carts, migrator, proxies, now: system_time })
    }

    /// Moves the carts of migrations that a killed process or an operator has begun, now and every minute. Without Redis
    /// there are none.
    pub async fn resume_migrations(self) {
        let Some(migrator) = self.migrator else { return };
        let mut minutes = tokio::time::interval(Duration::from_secs(60));
        loop {
            minutes.tick().await;
            match migrator.resume_unfinished().await {
                Ok(results) => {
                    for (migration, error) in
                        results.into_iter().filter_map(|(migration, result)| Some((migration, result.err()?)))
                    {
                        tracing::warn!(code = error.code(), from = migration.from(), "a cart was not moved: {error}");
                    }
                }
                Err(error) => tracing::warn!(code = error.code(), "{error}"),
            }
        }
    }

    /// The same shop with another clock, in seconds since 1970. For tests.
    #[must_use]
    pub fn at(self, now: fn() -> i64) -> Self {
        Self { now, tokens: self.tokens.at(now), ..self }
    }
}

impl FromRef<Shop> for TokenVerifier {
    fn from_ref(shop: &Shop) -> Self {
        shop.tokens.clone()
    }
}

impl fmt::Debug for Shop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shop").field("config", &self.config).finish_non_exhaustive()
    }
}

/// How many redeemed tickets are remembered.
const MAX_TICKETS: usize = 10_000;

fn system_time() -> i64 {
    // With an invalid system clock every token counts as expired.
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).ok();
    since_1970.and_then(|time| i64::try_from(time.as_secs()).ok()).unwrap_or(i64::MAX)
}
