//! The page's address, its history entry, and navigation away from it.

use authress_login_protocol::{
    error::{Error, ErrorCode},
    page::Page,
};
use js_sys::Reflect;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

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

/// Whether the shopper sees the page.
pub fn is_visible() -> bool {
    document_property("visibilityState").as_string().as_deref() == Some("visible")
}

/// Waits until a prerendered page is shown: <https://wicg.github.io/nav-speculation/prerendering.html>.
pub async fn activation() {
    if !document_property("prerendering").is_truthy() {
        return;
    }
    if let Some(document) = super::window().and_then(|window| window.document()) {
        let _ = JsFuture::from(super::event(&document, "prerenderingchange")).await;
    }
}

fn document_property(name: &str) -> JsValue {
    let document = super::window().and_then(|window| window.document());
    document.and_then(|document| Reflect::get(&document, &name.into()).ok()).unwrap_or(JsValue::UNDEFINED)
}

/// Leaves the page.
pub fn assign(href: &str) -> Result<(), Error> {
    let refused = || Error::with_detail(ErrorCode::InternalError, "The browser refused to navigate.");
    let window = super::window().ok_or_else(refused)?;
    window.location().assign(href).map_err(|_| refused())
}

/// Opens another tab that cannot reach back; `false` if the browser blocked it.
pub fn open_tab(href: &str) -> bool {
    let opened = super::window().and_then(|window| window.open_with_url(href).ok().flatten());
    if let Some(tab) = &opened {
        let _ = tab.set_opener(&JsValue::NULL);
    }
    opened.is_some()
}
