//! The whole server as one router.

use axum::Router;

use crate::shop::Shop;
use crate::{api, pages};

/// The shop's routes: `/api/…`, `/config.json`, the package below `/node_modules/`, and the pages
/// for all other paths.
pub fn app(shop: Shop) -> Router {
    Router::new().nest("/api", api::router().with_state(shop.clone())).merge(pages::router(&shop.config))
}
