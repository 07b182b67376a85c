use crate::support::{host, js};
use authress_login_wasm::browser::{lock, timer};
use futures_util::future::{Either, select};
use std::pin::pin;
use wasm_bindgen_test::wasm_bindgen_test;

async fn is_free(name: &str) -> bool {
    matches!(select(pin!(lock::acquire(&host(), name)), pin!(timer::sleep(50))).await, Either::Left((Some(_), _)))
}

#[wasm_bindgen_test]
async fn a_lock_is_held_until_it_is_dropped() {
    let held = lock::acquire(&host(), "held").await;
    assert!(held.is_some());
    assert!(!is_free("held").await);
    assert!(is_free("other").await);
    drop(held);
    assert!(is_free("held").await);
}

#[wasm_bindgen_test]
async fn who_gives_up_waiting_leaves_the_queue() {
    let held = lock::acquire(&host(), "queue").await;
    assert!(!is_free("queue").await, "this one waits and gives up");
    drop(held);
    assert!(is_free("queue").await);
}

#[wasm_bindgen_test]
async fn a_browser_without_locks_gives_none() {
    js("Object.defineProperty(navigator, 'locks', { configurable: true, value: undefined });");
    let lock = lock::acquire(&host(), "any").await;
    js("delete navigator.locks;");
    assert!(lock.is_none());
}
