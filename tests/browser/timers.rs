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
async fn fake_timers_that_throw_for_unknown_timers_end_no_module() {
    let mut dropped = Box::pin(sleep(60_000));
    assert!((&mut dropped).now_or_never().is_none());
    js("window.original = window.clearTimeout; window.clearTimeout = () => { throw new Error('unknown'); };");
    drop(dropped);
    js("window.clearTimeout = original;");
}

#[wasm_bindgen_test]
async fn a_timer_that_the_page_refuses_is_not_waited_for() {
    js("window.original = window.setTimeout; window.setTimeout = () => { throw new Error('own'); };");
    sleep(60_000).await;
    js("window.setTimeout = original;");
}

#[wasm_bindgen_test]
async fn without_a_scheduler_other_tasks_run_while_this_one_yields() {
    js("if (window.scheduler) scheduler.yield = undefined; window.ran = false; setTimeout(() => { ran = true; });");
    let start = js_sys::Date::now();
    while js("return ran").is_falsy() && js_sys::Date::now() - start < 10_000.0 {
        yield_to_event_loop().await;
    }
    assert!(js("if (window.scheduler) delete scheduler.yield; return ran").is_truthy());
}

#[wasm_bindgen_test]
async fn a_scheduler_decides_when_this_task_goes_on() {
    if js("return window.scheduler").is_undefined() {
        return;
    }
    let yields = [
        "() => new Promise((resolve) => setTimeout(resolve, 30))",
        // Within a task that the page has aborted.
        "() => new Promise((_, reject) => setTimeout(reject, 30))",
    ];
    for function in yields {
        let start = js_sys::Date::now();
        js(&format!("scheduler.yield = {function};"));
        yield_to_event_loop().await;
        js("delete scheduler.yield;");
        assert!(js_sys::Date::now() - start >= 29.0, "{function}");
    }
}

#[wasm_bindgen_test]
async fn what_a_page_puts_in_place_of_the_scheduler_and_of_channels_ends_no_module() {
    js("
        window.kept = window.MessageChannel;
        window.MessageChannel = function () { throw new Error('own'); };
    ");
    for function in ["undefined", "() => { throw new Error('own'); }", "() => 'no promise'"] {
        js(&format!("if (window.scheduler) scheduler.yield = {function};"));
        yield_to_event_loop().await;
    }
    js("window.MessageChannel = kept; if (window.scheduler) delete scheduler.yield;");
}
