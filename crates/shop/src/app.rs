//! The whole server as one router.

use axum::Router;

use crate::shop::Shop;
use crate::{api, pages, security_headers};

/// The shop's routes: `/api/…`, `/config.json`, the package below `/node_modules/`, and the pages
/// for all other paths.
pub fn app(shop: Shop) -> Router {
    let routes = Router::new().nest("/api", api::router().with_state(shop.clone())).merge(pages::router(&shop.config));
    security_headers::on_every_response(routes, &shop.config)
}
