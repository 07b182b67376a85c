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
        if let Some((_, value)) = self.memory.borrow().iter().find(|(name, _)| name == key) {
            return Some(value.clone());
        }
        local_storage()?.get_item(key).ok().flatten()
    }

    /// Stores a value; `false` if it will not outlive the page.
    pub fn set(&self, key: &str, value: &str) -> bool {
        let is_durable = local_storage().is_some_and(|storage| storage.set_item(key, value).is_ok());
        self.forget(key);
        if !is_durable {
            self.memory.borrow_mut().push((key.to_owned(), value.to_owned()));
        }
        is_durable
    }

    /// Removes a key.
    pub fn remove(&self, key: &str) {
        self.forget(key);
        if let Some(storage) = local_storage() {
            let _ = storage.remove_item(key);
        }
    }

    fn forget(&self, key: &str) {
        let mut memory = self.memory.borrow_mut();
        if let Some(index) = memory.iter().position(|(name, _)| name == key) {
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
        self.memory.borrow().iter().for_each(|(name, _)| add(name.clone()));
        if let Some(storage) = local_storage() {
            for index in 0..storage.length().unwrap_or(0) {
                storage.key(index).ok().flatten().into_iter().for_each(&mut add);
            }
        }
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
