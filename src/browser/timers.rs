//! Timers, and yielding to the event loop.

use super::window::window;
use js_sys::{Function, Promise};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use web_sys::MessageChannel;

/// The longest a browser's timer can be set to: about 24.8 days.
const LONGEST_TIMER_MS: u32 = i32::MAX as u32;

#[wasm_bindgen]
extern "C" {
    // In web-sys only among the unstable APIs; Safari has none, and Chrome none with `yield` before version 129.
    type Scheduler;
    #[wasm_bindgen(thread_local_v2, js_name = scheduler)]
    static SCHEDULER: Option<Scheduler>;
    #[wasm_bindgen(method, getter, js_name = "yield")]
    fn yield_function(this: &Scheduler) -> Option<Function>;

    // web-sys's own is not caught. Fake timers of tests throw for timers that they have not made.
    #[wasm_bindgen(js_name = clearTimeout, catch)]
    fn clear_timeout(timer: i32) -> Result<(), JsValue>;
}

/// A timer that is cancelled when dropped.
struct Timer(i32);

impl Drop for Timer {
    fn drop(&mut self) {
        let _ = clear_timeout(self.0);
    }
}

/// Waits this many milliseconds, at the most 2^31 - 1.
pub async fn sleep(milliseconds: u32) {
    let milliseconds = milliseconds.min(LONGEST_TIMER_MS) as i32;
    let mut timer = None;
    let rings = Promise::new(&mut |resolve, _| {
        timer = window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, milliseconds).ok().map(Timer);
    });
    // A page may have replaced `setTimeout` by one that throws; without a timer nothing would end the wait.
    if timer.is_some() {
        let _ = JsFuture::from(rings).await;
    }
}

/// Lets the page handle what has come up meanwhile, such as a press or a frame.
///
/// A message arrives as soon as the event loop reaches it; a timer comes late in a page that is not visible.
pub async fn yield_to_event_loop() {
    if let Ok(scheduled) = scheduler_yield() {
        // Rejected where it runs within a task that the page has aborted: that ends no work of this client.
        let _ = JsFuture::from(scheduled).await;
    } else if let Ok(channel) = MessageChannel::new() {
        let (receiver, sender) = (channel.port1(), channel.port2());
        let received = Promise::new(&mut |resolve, _| receiver.set_onmessage(Some(&resolve)));
        if sender.post_message(&JsValue::NULL).is_ok() {
            let _ = JsFuture::from(received).await;
        }
        receiver.close();
    }
}

/// `scheduler.yield()`, <https://wicg.github.io/scheduling-apis/#dom-scheduler-yield>.
fn scheduler_yield() -> Result<Promise, JsValue> {
    SCHEDULER.with(|scheduler| {
        let scheduler = scheduler.as_ref().ok_or(JsValue::UNDEFINED)?;
        let function = scheduler.yield_function().ok_or(JsValue::UNDEFINED)?;
        Ok(Promise::resolve(&function.call0(scheduler)?))
    })
}
