//! The page: its address, its visibility, and how to leave it.

use super::window::{document_property, window};
use js_sys::{Promise, Reflect};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::Window;

/// Next.js's mark on the state of a history entry.
const NEXT_JS_MARK: &str = "__NA";

/// The page's address, `location.href`.
pub fn href() -> Result<String, JsValue> {
    window().location().href()
}

/// Replaces the address of the current history entry and keeps the entry's state, which is the page's router's.
pub fn show_address(href: &str) -> Result<(), JsValue> {
    let history = window().history()?;
    let state = history.state()?;
    // Next.js takes note of a new address only if the state lacks its mark, and then makes its state anew.
    let is_marked = Reflect::get(&state, &NEXT_JS_MARK.into()).is_ok_and(|mark| mark.is_truthy());
    let state = if is_marked { JsValue::NULL } else { state };
    history.replace_state_with_url(&state, "", Some(href))
}

/// Leaves the page.
pub fn navigate(href: &str) -> Result<(), JsValue> {
    window().location().assign(href)
}

/// Opens a tab that cannot reach back; `false` if the browser does not allow it.
pub fn open_tab(href: &str) -> bool {
    let tab = window().open_with_url(href).ok().flatten();
    // What blocks windows may return another object, or a window that is closed.
    let is_open = |tab: &Window| Reflect::get(tab, &"closed".into()).is_ok_and(|closed| closed == false);
    tab.is_some_and(|tab| is_open(&tab) && tab.set_opener(&JsValue::NULL).is_ok())
}

/// Whether the shopper sees the page.
pub fn is_visible() -> bool {
    document_property("visibilityState").as_string().as_deref() == Some("visible")
}

/// Waits until a prerendered page is shown. <https://wicg.github.io/nav-speculation/prerendering.html>
pub async fn activation() {
    if !document_property("prerendering").is_truthy() {
        return;
    }
    let Some(document) = window().document() else { return };
    let activated = Promise::new(&mut |resolve, _| {
        let _ = document.add_event_listener_with_callback("prerenderingchange", &resolve);
    });
    let _ = JsFuture::from(activated).await;
}
