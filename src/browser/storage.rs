//! `localStorage`, or memory where the browser refuses it or keeps nothing in it.

use super::window::window;
use gloo_storage::Storage as _;
use std::cell::RefCell;
use wasm_bindgen::{JsCast, JsValue};

const PROBE_KEY: &str = "AuthressLoginProbe";

/// A storage of the page.
#[derive(Debug)]
pub struct Storage {
    browsers: fn() -> Option<web_sys::Storage>,
    memory: RefCell<Vec<Kept>>,
}

/// A value that the browser did not keep; it lasts as long as the page, or until another tab could store one.
#[derive(Debug)]
struct Kept {
    key: String,
    value: String,
    /// What the browser's storage had instead.
    instead_of: Option<String>,
}

impl Storage {
    /// What all tabs share: `localStorage`.
    pub fn of_origin() -> Self {
        Self { browsers: of_origin, memory: RefCell::default() }
    }

    /// What the pages of this tab share: `sessionStorage`.
    pub fn of_tab() -> Self {
        Self { browsers: of_tab, memory: RefCell::default() }
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<String> {
        let stored = self.stored(key);
        let mut memory = self.memory.borrow_mut();
        if let Some(index) = memory.iter().position(|kept| kept.key == key) {
            if let Some(kept) = memory.get(index)
                && kept.instead_of == stored
            {
                return Some(kept.value.clone());
            }
            // Another tab has stored or removed it since: what is in memory is of the past.
            memory.swap_remove(index);
        }
        stored
    }

    /// Stores a value; `false` if it will not outlive the page.
    pub fn set(&self, key: &str, value: &str) -> bool {
        let is_durable = self.store(key, value);
        self.forget(key);
        if !is_durable {
            let kept = Kept { key: key.to_owned(), value: value.to_owned(), instead_of: self.stored(key) };
            self.memory.borrow_mut().push(kept);
        }
        is_durable
    }

    /// Removes a key.
    pub fn remove(&self, key: &str) {
        self.forget(key);
        if let Some(storage) = (self.browsers)() {
            let _ = storage.remove_item(key);
        }
    }

    fn forget(&self, key: &str) {
        let mut memory = self.memory.borrow_mut();
        if let Some(index) = memory.iter().position(|kept| kept.key == key) {
            memory.swap_remove(index);
        }
    }

    /// The keys that begin with `prefix`.
    pub fn keys(&self, prefix: &str) -> Vec<String> {
        let mut keys = Vec::new();
        let mut add = |key: String| {
            if key.starts_with(prefix) {
                keys.push(key);
            }
        };
        self.memory.borrow().iter().for_each(|kept| add(kept.key.clone()));
        if let Some(storage) = (self.browsers)() {
            for index in 0..storage.length().unwrap_or(0) {
                storage.key(index).ok().flatten().into_iter().for_each(&mut add);
            }
        }
        keys
    }

    /// Whether a value stored now would be there after a redirect.
    pub fn is_durable(&self) -> bool {
        let is_durable = self.store(PROBE_KEY, "1");
        self.remove(PROBE_KEY);
        is_durable
    }

    /// Stores a value in the browser's storage and reads it back: some pages and browsers replace or switch off the storage
    /// without an error.
    fn store(&self, key: &str, value: &str) -> bool {
        (self.browsers)().is_some_and(|storage| storage.set_item(key, value).is_ok())
            && self.stored(key).is_some_and(|stored| stored == value)
    }

    fn stored(&self, key: &str) -> Option<String> {
        (self.browsers)()?.get_item(key).ok().flatten()
    }
}

/// The page's storages by gloo's trait. Gloo's own `LocalStorage` and `SessionStorage` ask whether the global object is an
/// instance of `Window`, which a page may have replaced, and which is of another realm in test environments.
struct OfOrigin;

impl gloo_storage::Storage for OfOrigin {
    fn raw() -> web_sys::Storage {
        window().local_storage().ok().flatten().unwrap_or_else(nothing)
    }
}

struct OfTab;

impl gloo_storage::Storage for OfTab {
    fn raw() -> web_sys::Storage {
        window().session_storage().ok().flatten().unwrap_or_else(nothing)
    }
}

// Nothing where there is no storage: site data blocked, sandboxed frame, some private modes, worker.
fn of_origin() -> Option<web_sys::Storage> {
    Some(OfOrigin::raw()).filter(|storage| !storage.is_undefined())
}

fn of_tab() -> Option<web_sys::Storage> {
    Some(OfTab::raw()).filter(|storage| !storage.is_undefined())
}

fn nothing() -> web_sys::Storage {
    JsValue::UNDEFINED.unchecked_into()
}
