//! `localStorage`, or memory where the browser refuses it or keeps nothing in it.

use gloo_storage::Storage as _;
use std::cell::RefCell;
use wasm_bindgen::{JsCast, JsValue};

const PROBE_KEY: &str = "AuthressLoginProbe";

/// The page's storage.
#[derive(Debug, Default)]
pub struct Storage {
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
    /// Storage that prefers the browser's.
    pub fn new() -> Self {
        Self::default()
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<String> {
        let stored = stored(key);
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
        let is_durable = store(key, value);
        self.forget(key);
        if !is_durable {
            let kept = Kept { key: key.to_owned(), value: value.to_owned(), instead_of: stored(key) };
            self.memory.borrow_mut().push(kept);
        }
        is_durable
    }

    /// Removes a key.
    pub fn remove(&self, key: &str) {
        self.forget(key);
        if let Some(storage) = page_storage() {
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
        if let Some(storage) = page_storage() {
            for index in 0..storage.length().unwrap_or(0) {
                storage.key(index).ok().flatten().into_iter().for_each(&mut add);
            }
        }
        keys
    }

    /// Whether a value stored now would be there after a redirect.
    pub fn is_durable(&self) -> bool {
        let is_durable = store(PROBE_KEY, "1");
        self.remove(PROBE_KEY);
        is_durable
    }
}

/// Stores a value in the browser's storage and reads it back: some pages and browsers replace or switch off the storage
/// without an error.
fn store(key: &str, value: &str) -> bool {
    page_storage().is_some_and(|storage| storage.set_item(key, value).is_ok())
        && stored(key).is_some_and(|stored| stored == value)
}

fn stored(key: &str) -> Option<String> {
    page_storage()?.get_item(key).ok().flatten()
}

/// The page's `localStorage` by gloo's trait. Gloo's own `LocalStorage` asks whether the global object is an instance of
/// `Window`, which a page may have replaced, and which is of another realm in test environments.
struct PageStorage;

impl gloo_storage::Storage for PageStorage {
    fn raw() -> web_sys::Storage {
        accessor().unwrap_or_else(|| JsValue::UNDEFINED.unchecked_into())
    }
}

fn accessor() -> Option<web_sys::Storage> {
    js_sys::global().unchecked_into::<web_sys::Window>().local_storage().ok().flatten()
}

/// The browser's storage; nothing where there is none: site data blocked, sandboxed frame, some private modes, worker.
fn page_storage() -> Option<web_sys::Storage> {
    accessor().is_some().then(PageStorage::raw)
}
