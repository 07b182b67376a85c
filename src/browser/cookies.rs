//! `document.cookie`.

use authress_login_protocol::cookies::Cookies;
use wasm_bindgen::JsCast;
use web_sys::HtmlDocument;

fn document() -> Option<HtmlDocument> {
    super::window()?.document()?.dyn_into().ok()
}

/// The cookies that script may read; none where cookies are refused.
pub fn read() -> Cookies {
    Cookies::new(document().and_then(|document| document.cookie().ok()).unwrap_or_default())
}

/// Carries out one assignment. A browser that refuses cookies ignores it.
pub fn assign(cookie: &str) {
    if let Some(document) = document() {
        let _ = document.set_cookie(cookie);
    }
}
