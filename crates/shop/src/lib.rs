//! The demo shop: static pages and a cart API that checks access tokens.
