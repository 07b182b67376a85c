use crate::support::{browser, js};
use authress_login_client::Ports;
use authress_login_wasm::browser::timers::{sleep, yield_to_event_loop};
use futures_util::FutureExt;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn a_timer_takes_its_time() {
    let start = js_sys::Date::now();
    browser().sleep(30).await;
    assert!(js_sys::Date::now() - start >= 29.0);
}

#[wasm_bindgen_test]
async fn a_timer_whose_future_is_dropped_is_cancelled() {
    js("
        window.cleared = [];
        window.original = window.clearTimeout;
        window.clearTimeout = (id) => { cleared.push(id); original(id); };
    ");
    let mut dropped = Box::pin(sleep(60_000));
    let pending = (&mut dropped).now_or_never().is_none();
    drop(dropped);
    let cleared = js("window.clearTimeout = original; return cleared.length");
    assert!(pending);
    assert_eq!(cleared.as_f64(), Some(1.0));
}

#[wasm_bindgen_test]
async fn a_timer_is_never_set_beyond_what_a_browser_can_hold() {
    js("
        window.original = window.setTimeout;
        window.setTimeout = (callback, delay) => { window.delay = delay; return original(callback, 0); };
    ");
    sleep(u32::MAX).await;
    let delay = js("window.setTimeout = original; return delay");
    assert_eq!(delay.as_f64(), Some(2_147_483_647.0));
}

#[wasm_bindgen_test]
async fn a_timer_that_the_page_refuses_is_not_waited_for() {
    js("window.original = window.setTimeout; window.setTimeout = () => { throw new Error('own'); };");
    sleep(60_000).await;
    js("window.setTimeout = original;");
}

#[wasm_bindgen_test]
async fn other_tasks_run_while_this_one_yields() {
    js("window.ran = false; setTimeout(() => { window.ran = true; });");
    for _ in 0..1_000 {
        if js("return ran").is_truthy() {
            return;
        }
        yield_to_event_loop().await;
    }
    panic!("no other task has run");
}

#[wasm_bindgen_test]
async fn yielding_needs_no_channel_for_messages_and_no_scheduler() {
    js("
        window.kept = window.MessageChannel;
        window.MessageChannel = function () { throw new Error('own'); };
    ");
    yield_to_event_loop().await;
    js("window.MessageChannel = kept;");
}
