//! `localStorage` and `sessionStorage`, or memory where the browser refuses them or stores nothing in them.
//!
//! By gloo-storage's trait, with the page's storages found by `window()`: its `LocalStorage` and `SessionStorage` panic where
//! site data is blocked, and ask whether the global object is an instance of `Window`.

use super::window::window;
use gloo_storage::Storage as _;
use std::cell::RefCell;
use wasm_bindgen::{JsCast, JsValue};

const PROBE_KEY: &str = "AuthressLoginProbe";

/// A storage of the page.
#[derive(Debug)]
pub struct Storage {
    find: fn() -> Option<web_sys::Storage>,
    memory: RefCell<Vec<InMemory>>,
}

/// A value that the browser did not store. It lasts as long as the page, or until another tab stores one.
#[derive(Debug)]
struct InMemory {
    key: String,
    value: String,
    /// What the browser's storage had at that time.
    stored: Option<String>,
}

impl Storage {
    /// `localStorage`, which all tabs share.
    pub fn of_origin() -> Self {
        Self { find: of_origin, memory: RefCell::default() }
    }

    /// `sessionStorage`, which the pages of this tab share.
    pub fn of_tab() -> Self {
        Self { find: of_tab, memory: RefCell::default() }
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<String> {
        let stored = self.stored(key);
        let mut memory = self.memory.borrow_mut();
        if let Some(index) = memory.iter().position(|entry| entry.key == key) {
            if let Some(entry) = memory.get(index)
                && entry.stored == stored
            {
                return Some(entry.value.clone());
            }
            // Another tab has stored or removed the key since.
            memory.swap_remove(index);
        }
        stored
    }

    /// Stores a value; `false` if it does not outlive the page.
    pub fn set(&self, key: &str, value: &str) -> bool {
        let is_durable = self.store(key, value);
        self.forget(key);
        if !is_durable {
            let entry = InMemory { key: key.to_owned(), value: value.to_owned(), stored: self.stored(key) };
            self.memory.borrow_mut().push(entry);
        }
        is_durable
    }

    /// Removes a key.
    pub fn remove(&self, key: &str) {
        self.forget(key);
        if let Some(storage) = (self.find)() {
            let _ = storage.remove_item(key);
        }
    }

    fn forget(&self, key: &str) {
        let mut memory = self.memory.borrow_mut();
        if let Some(index) = memory.iter().position(|entry| entry.key == key) {
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
        self.memory.borrow().iter().for_each(|entry| add(entry.key.clone()));
        if let Some(storage) = (self.find)() {
            for index in 0..storage.length().unwrap_or(0) {
                storage.key(index).ok().flatten().into_iter().for_each(&mut add);
            }
        }
        keys
    }

    /// Whether a value that is stored now is there after a redirect.
    pub fn is_durable(&self) -> bool {
        let is_durable = self.store(PROBE_KEY, "1");
        self.remove(PROBE_KEY);
        is_durable
    }

    /// Stores a value in the browser's storage and reads it back: some pages and browsers replace the storage or switch it
    /// off without an error.
    fn store(&self, key: &str, value: &str) -> bool {
        (self.find)().is_some_and(|storage| storage.set_item(key, value).is_ok())
            && self.stored(key).is_some_and(|stored| stored == value)
    }

    fn stored(&self, key: &str) -> Option<String> {
        (self.find)()?.get_item(key).ok().flatten()
    }
}

/// `localStorage` for gloo's trait.
struct OfOrigin;

impl gloo_storage::Storage for OfOrigin {
    fn raw() -> web_sys::Storage {
        window().local_storage().ok().flatten().unwrap_or_else(nothing)
    }
}

/// `sessionStorage` for gloo's trait.
struct OfTab;

impl gloo_storage::Storage for OfTab {
    fn raw() -> web_sys::Storage {
        window().session_storage().ok().flatten().unwrap_or_else(nothing)
    }
}

// `None` without a storage: site data blocked, a sandboxed frame, some private modes, a worker.
fn of_origin() -> Option<web_sys::Storage> {
    Some(OfOrigin::raw()).filter(|storage| !storage.is_undefined())
}

fn of_tab() -> Option<web_sys::Storage> {
    Some(OfTab::raw()).filter(|storage| !storage.is_undefined())
}

fn nothing() -> web_sys::Storage {
    JsValue::UNDEFINED.unchecked_into()
}
