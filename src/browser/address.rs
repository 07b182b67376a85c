//! The page's address, its history entry, and navigation away from it.

use authress_login_protocol::{
    error::{Error, ErrorCode},
    page::Page,
};
use wasm_bindgen::JsValue;

/// The current page.
pub fn page() -> Result<Page, Error> {
    let href = super::window().and_then(|window| window.location().href().ok());
    Page::new(&href.ok_or_else(|| Error::with_detail(ErrorCode::InternalError, "There is no page."))?)
}

/// Shows another address for the current history entry. The entry's state, which belongs to the
/// page's router, is kept.
pub fn replace(href: &str) {
    let Some(history) = super::window().and_then(|window| window.history().ok()) else { return };
    let state = history.state().unwrap_or(JsValue::NULL);
    // A browser may refuse (too many calls); the address then keeps parameters that are used up.
    let _ = history.replace_state_with_url(&state, "", Some(href));
}

/// Leaves the page.
pub fn assign(href: &str) -> Result<(), Error> {
    let refused = || Error::with_detail(ErrorCode::InternalError, "The browser refused to navigate.");
    let window = super::window().ok_or_else(refused)?;
    window.location().assign(href).map_err(|_| refused())
}
