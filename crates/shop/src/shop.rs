//! What all requests share: configuration, token verifier, tickets and carts.

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use authress_access_token::{ClaimTickets, TICKET_REMEMBERED, TokenPolicy, TokenVerifier};
use authress_client_address::{ForwardingHeader, TrustedProxies};
use authress_jws::SigningKey;
use authress_single_use::{MemorySingleUse, WhenFull};
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
    pub(crate) proxies: TrustedProxies,
    /// Seconds since 1970.
    pub(crate) now: fn() -> i64,
}

impl Shop {
    /// A shop with empty carts and the system's clock. Nothing is fetched yet.
    ///
    /// # Errors
    /// When the issuer is not valid, no HTTP client can be created or the operating system gives no random bytes.
    pub fn new(config: Config) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let policy = TokenPolicy::new(&config.issuer)?.for_application(config.application_id.as_str());
        let tokens = TokenVerifier::with_keys(policy, |_| config.jwks_url.clone())?;
        // The key, like the carts, exists in this process only.
        let key = SigningKey::generate("cart-claims")?;
        let spent = MemorySingleUse::new(TICKET_REMEMBERED, MAX_TICKETS, WhenFull::Refuse);
        let tickets = Arc::new(ClaimTickets::new(config.origin(), key, Arc::new(spent)));
        let carts = Arc::new(CartStore::new(&config.carts, config.cart_merge));
        let proxies = TrustedProxies { hops: config.trusted_hops, header: ForwardingHeader::XForwardedFor };
        Ok(Self { config: Arc::new(config), tokens, tickets, carts, proxies, now: system_time })
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
