//! URLs by the browser.

use crate::text;
use js_sys::decode_uri_component;
use web_sys::{Url, UrlSearchParams};

/// The normal form of a URL.
pub(super) fn href(text: &str, base: Option<&str>) -> Option<String> {
    let url = match base {
        Some(base) => Url::new_with_base(text, base),
        None => Url::new(text),
    };
    Some(url.ok()?.href())
}

/// The parameters of a query.
pub(crate) struct Query(Option<UrlSearchParams>);

impl Query {
    pub(crate) fn parse(query: &str) -> Self {
        // Without it the constructor would take a question mark away that belongs to the first name.
        Self(UrlSearchParams::new_with_str(&text::concat(&["?", query])).ok())
    }

    pub(super) fn first(&self, name: &str) -> Option<String> {
        self.0.as_ref()?.get(name)
    }

    pub(crate) fn count(&self, name: &str) -> usize {
        self.0.as_ref().map_or(0, |query| query.get_all(name).length() as usize)
    }
}

/// Writes pairs as a query, `application/x-www-form-urlencoded`.
pub(crate) fn query_of(pairs: &[(&str, &str)]) -> String {
    let Ok(query) = UrlSearchParams::new() else { return String::new() };
    for (name, value) in pairs {
        query.append(name, value);
    }
    query.to_string().into()
}

/// Undoes `encodeURIComponent`, where it has been done.
pub(crate) fn decode(text: &str) -> Option<String> {
    decode_uri_component(text).ok().map(String::from)
}
