//! Web Locks: <https://www.w3.org/TR/web-locks/>.

use super::request::Abort;
use js_sys::{Function, Promise, Reflect};
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::{JsCast, JsValue, closure::Closure, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    type LockManager;

    #[wasm_bindgen(method, catch)]
    fn request(this: &LockManager, name: &str, options: &JsValue, callback: &Function) -> Result<Held, JsValue>;

    /// The promise of what the callback comes to.
    type Held;

    #[wasm_bindgen(method)]
    fn then(this: &Held, settled: &Function, failed: &Function);
}

/// A lock that is held until dropped.
#[derive(Debug)]
pub struct Lock {
    release: Function,
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.release.call0(&JsValue::UNDEFINED);
    }
}

/// Waits for the lock; `None` where the browser has no locks or refuses them.
pub async fn acquire(name: &str) -> Option<Lock> {
    let navigator = Reflect::get(super::window()?.as_ref(), &"navigator".into()).ok()?;
    let manager = Reflect::get(&navigator, &"locks".into()).ok().filter(JsValue::is_object)?;
    let abort = Abort::new().ok()?;
    let options = crate::value::object([("signal", abort.signal().into())]);
    let lock = Rc::new(RefCell::new(None));
    // The browser waits for what the callback returns; this waits until the callback is called.
    let mut failure = None;
    let mut callback = None;
    let granted = Promise::new(&mut |granted, _| {
        let slot = lock.clone();
        let is_granted = granted.clone();
        let on_grant = Closure::once(move || {
            let released = Promise::new(&mut |release, _| *slot.borrow_mut() = Some(Lock { release }));
            let _ = is_granted.call0(&JsValue::UNDEFINED);
            released
        });
        let manager: &LockManager = manager.unchecked_ref();
        match manager.request(name, &options, on_grant.as_ref().unchecked_ref()) {
            // A refusal ends the waiting as well.
            Ok(held) => held.then(&granted, &granted),
            Err(error) => failure = Some(error),
        }
        callback = Some(on_grant);
    });
    if failure.is_some() {
        return None;
    }
    let _ = JsFuture::from(granted).await;
    lock.take()
}
