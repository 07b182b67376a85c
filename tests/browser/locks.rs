use crate::support::{browser, js};
use authress_login_client::Ports;
use wasm_bindgen_test::wasm_bindgen_test;

/// Long enough for a busy machine: browsers grant locks in another process.
async fn is_free(name: &str) -> bool {
    browser().lock(name, 10_000).await.is_some()
}

async fn is_taken(name: &str) -> bool {
    browser().lock(name, 50).await.is_none()
}

#[wasm_bindgen_test]
async fn a_lock_is_held_until_it_is_dropped() {
    let held = browser().lock("held", 10_000).await;
    assert!(held.is_some());
    assert!(is_taken("held").await);
    assert!(is_free("other").await);
    drop(held);
    assert!(is_free("held").await);
}

#[wasm_bindgen_test]
async fn a_request_that_times_out_leaves_the_queue() {
    let held = browser().lock("queue", 10_000).await;
    assert!(is_taken("queue").await, "this one times out");
    drop(held);
    assert!(is_free("queue").await);
}

#[wasm_bindgen_test]
async fn a_browser_without_locks_gives_none() {
    js("Object.defineProperty(navigator, 'locks', { configurable: true, value: undefined });");
    let lock = browser().lock("any", 1_000).await;
    js("delete navigator.locks;");
    assert!(lock.is_none());
}
