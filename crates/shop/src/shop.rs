//! What all requests share: configuration, token verifier, tickets and carts.

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use authress_access_token::{ClaimTickets, TICKET_REMEMBERED, TokenPolicy, TokenVerifier, remembered_for};
use authress_client_address::{ForwardingHeader, TrustedProxies};
use authress_jws::SigningKey;
use authress_service_client::ManagementClient;
use authress_single_use::{MemorySingleUse, WhenFull};
use axum::extract::FromRef;

use crate::cart_store::CartStore;
use crate::config::Config;
use crate::invites::Invites;
use crate::management;
use crate::migrations::Migrations;
use crate::ownership::Ownership;
use crate::reminder::ReminderService;

/// The state of the server. Cheap to clone.
#[derive(Clone)]
pub struct Shop {
    pub(crate) config: Arc<Config>,
    pub(crate) tokens: TokenVerifier,
    pub(crate) tickets: Arc<ClaimTickets>,
    /// None: the shop sends no mails.
    pub(crate) reminders: Option<Arc<ReminderService>>,
    /// None: a cart belongs to the user id under which it is stored.
    pub(crate) ownership: Option<Arc<Ownership>>,
    pub(crate) carts: Arc<CartStore>,
    /// None: without Redis and without access to Authress there is nothing to move but carts that end with the process.
    pub(crate) migrations: Option<Migrations>,
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
        let management = config.management.as_ref();
        let client = management.map(|management| management::client(&config, management)).transpose()?;
        let asks_authress = management.is_some_and(|management| management.ownership);
        let ownership = client.clone().filter(|_| asks_authress).map(|client| Arc::new(Ownership::new(client)));
        let migrations = Migrations::new(&config, &carts, client.as_ref(), system_time)?;
        let reminders = if config.reminders { Some(Arc::new(reminders(&config, client)?)) } else { None };
        let proxies = TrustedProxies { hops: config.trusted_hops, header: ForwardingHeader::XForwardedFor };
        let config = Arc::new(config);
        Ok(Self { config, tokens, tickets, reminders, ownership, carts, migrations, proxies, now: system_time })
    }

    /// Continues the migrations that a killed process or an operator has begun, now and every minute. Never ends.
    pub async fn resume_migrations(self) {
        if let Some(migrations) = self.migrations {
            migrations.resume_every_minute().await;
        }
    }

    /// The same shop with another clock, in seconds since 1970. For tests.
    #[must_use]
    pub fn at(self, now: fn() -> i64) -> Self {
        Self { now, tokens: self.tokens.at(now), ..self }
    }
}

/// Mailed links have a key of their own, and are valid for days.
fn reminders(
    config: &Config,
    client: Option<ManagementClient>,
) -> Result<ReminderService, Box<dyn std::error::Error + Send + Sync>> {
    let key = SigningKey::generate("mailed-carts")?;
    let lifetime = config.link_lifetime();
    let spent = MemorySingleUse::new(remembered_for(lifetime), MAX_TICKETS, WhenFull::Refuse);
    let tickets = ClaimTickets::new(config.origin(), key, Arc::new(spent)).with_lifetime(lifetime);
    Ok(ReminderService::new(config.origin(), tickets, lifetime, client.map(Invites::new)))
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
