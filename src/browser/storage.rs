//! `localStorage`, or memory where the browser refuses it.

use gloo_storage::{LocalStorage, Storage as _};
use std::cell::RefCell;

const PROBE_KEY: &str = "AuthressLoginProbe";

/// The page's storage.
#[derive(Debug, Default)]
pub struct Storage {
    /// What the browser refused to keep; it lasts as long as the page.
    memory: RefCell<Vec<(String, String)>>,
}

impl Storage {
    /// Storage that prefers the browser's.
    pub fn new() -> Self {
        Self::default()
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<String> {
        let find = |memory: &Vec<(String, String)>| {
            memory.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone())
        };
        let in_memory = || find(&self.memory.borrow());
        in_memory().or_else(|| local_storage()?.get_item(key).ok().flatten())
    }

    /// Stores a value; `false` if it will not outlive the page.
    pub fn set(&self, key: &str, value: &str) -> bool {
        let is_durable = local_storage().is_some_and(|storage| storage.set_item(key, value).is_ok());
        let mut memory = self.memory.borrow_mut();
        memory.retain(|(name, _)| name != key);
        if !is_durable {
            memory.push((key.to_owned(), value.to_owned()));
        }
        is_durable
    }

    /// Removes a key.
    pub fn remove(&self, key: &str) {
        self.memory.borrow_mut().retain(|(name, _)| name != key);
        if let Some(storage) = local_storage() {
            let _ = storage.remove_item(key);
        }
    }

    /// The keys that begin with `prefix`.
    pub fn keys(&self, prefix: &str) -> Vec<String> {
        let mut keys: Vec<String> = self.memory.borrow().iter().map(|(name, _)| name.clone()).collect();
        if let Some(storage) = local_storage() {
            let count = storage.length().unwrap_or(0);
            keys.extend((0..count).filter_map(|index| storage.key(index).ok().flatten()));
        }
        keys.retain(|key| key.starts_with(prefix));
        keys
    }

    /// Whether a value stored now would be there after a redirect.
    pub fn is_durable(&self) -> bool {
        let is_durable = local_storage().is_some_and(|storage| storage.set_item(PROBE_KEY, "1").is_ok());
        self.remove(PROBE_KEY);
        is_durable
    }
}

/// The browser's storage. It is looked for first, since gloo's accessor panics where the browser
/// refuses: site data blocked, sandboxed frame, some private modes.
fn local_storage() -> Option<web_sys::Storage> {
    super::window()?.local_storage().ok().flatten()?;
    Some(LocalStorage::raw())
}
