//! Locks that the tabs of an origin share: the Web Locks API, <https://www.w3.org/TR/web-locks/>.

use super::{abort::Abort, timers, window::window};
use crate::results;
use futures_util::future::{Either, select};
use js_sys::{Function, Promise, Reflect};
use std::pin::pin;
use wasm_bindgen::{JsCast, JsValue, closure::Closure, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    // In web-sys only among the unstable APIs.
    type LockManager;
    #[wasm_bindgen(method, catch)]
    fn request(this: &LockManager, name: &str, options: &JsValue, hold: &Function) -> Result<JsValue, JsValue>;
}

/// A lock; released when dropped.
#[derive(Debug)]
pub struct Lock {
    _request: Abort,
}

/// Waits this many milliseconds at most for the lock; `None` after that, and where the browser has no locks. Dropping the
/// future leaves the queue.
pub async fn acquire(name: &str, wait_ms: u32) -> Option<Lock> {
    let manager = Reflect::get(&window().navigator(), &"locks".into()).ok().filter(JsValue::is_truthy)?;
    let manager: LockManager = manager.unchecked_into();
    // Takes a waiting request out of the queue, and ends the promise that a granted one is held by.
    let request = Abort::new().ok()?;
    let signal = request.signal();
    let released = Promise::new(&mut |release, _| {
        let _ = signal.add_event_listener_with_callback("abort", &release);
    });
    let mut hold = None;
    let granted = Promise::new(&mut |grant, _| {
        let released = released.clone();
        hold = Some(Closure::once_into_js(move || {
            let _ = grant.call0(&JsValue::UNDEFINED);
            released
        }));
    });
    let options = results::object([("signal", signal.into())]);
    let ended = manager.request(name, &options, hold?.unchecked_ref()).ok()?;
    // A request that ends before it is granted was refused.
    let outcome = select(JsFuture::from(granted), JsFuture::from(Promise::resolve(&ended)));
    match select(outcome, pin!(timers::sleep(wait_ms))).await {
        Either::Left((Either::Left(_), _)) => Some(Lock { _request: request }),
        _ => None,
    }
}
