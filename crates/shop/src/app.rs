//! The whole server as one router.

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;

use crate::config::Config;
use crate::keys::{Keys, KeysUnavailable};
use crate::store::CartStore;
use crate::{api, pages};

/// What all requests share. Cheap to clone.
#[derive(Clone)]
pub struct Shop {
    pub(crate) config: Arc<Config>,
    pub(crate) keys: Arc<Keys>,
    pub(crate) carts: Arc<CartStore>,
    /// Seconds since 1970.
    pub(crate) now: fn() -> i64,
}

impl Shop {
    /// A shop with empty carts and the system's clock. Fetches nothing yet.
    ///
    /// # Errors
    /// [`KeysUnavailable`] when no HTTP client can be made.
    pub fn new(config: Config) -> Result<Self, KeysUnavailable> {
        let keys = Keys::new(config.jwks_url.as_str())?;
        Ok(Self { config: Arc::new(config), keys: Arc::new(keys), carts: Arc::default(), now: system_time })
    }

    /// The same shop, in which it is `now` seconds since 1970. For tests.
    #[must_use]
    pub fn at(self, now: fn() -> i64) -> Self {
        Self { now, ..self }
    }
}

impl fmt::Debug for Shop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shop").field("config", &self.config).finish_non_exhaustive()
    }
}

/// The shop's routes: `/api/…`, `/config.json`, the package below `/node_modules/`, and the pages
/// for everything else.
pub fn app(shop: Shop) -> Router {
    Router::new().nest("/api", api::router().with_state(shop.clone())).merge(pages::router(&shop.config))
}

fn system_time() -> i64 {
    // With a clock that shows nonsense every token counts as expired.
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).ok();
    since_1970.and_then(|time| i64::try_from(time.as_secs()).ok()).unwrap_or(i64::MAX)
}
