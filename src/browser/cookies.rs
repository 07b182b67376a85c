//! The cookies that script may read and write.

use super::window::{document_property, set_document_property};
use authress_login_protocol::session::cookies::Cookies;

/// The page's cookies; none where the browser refuses them.
pub fn read() -> Cookies {
    Cookies::new(document_property("cookie").as_string().unwrap_or_default())
}

/// Carries out one assignment to `document.cookie`. A browser that refuses cookies ignores it.
pub fn assign(assignment: &str) {
    set_document_property("cookie", assignment);
}
