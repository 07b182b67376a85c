use crate::support::js;
use authress_login_wasm::browser::{
    tabs::{TabEvent, Tabs},
    timers::sleep,
};
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen_test::wasm_bindgen_test;

/// A client's tabs, and the events that it gets.
fn tabs(name: &str) -> (Rc<Tabs>, Rc<RefCell<Vec<String>>>) {
    let (tabs, heard) = (Tabs::new(name.to_owned()), Rc::new(RefCell::new(Vec::new())));
    let events = Rc::clone(&heard);
    tabs.listen(move |event: TabEvent<'_>| events.borrow_mut().push(format!("{event:?}")));
    (tabs, heard)
}

#[wasm_bindgen_test]
async fn a_message_reaches_other_tabs_and_only_text_does() {
    let ((one, at_one), (_, at_other)) = (tabs("tabs.messages"), tabs("tabs.messages"));
    js("window.third = new BroadcastChannel('tabs.messages'); third.postMessage({ not: 'text' }); third.close();");
    one.send("hello");
    sleep(100).await;
    assert_eq!(*at_other.borrow(), [r#"Message("hello")"#]);
    assert!(at_one.borrow().is_empty());
}

#[wasm_bindgen_test]
async fn a_page_in_the_back_forward_cache_has_no_channel_and_has_one_again_after_it() {
    let ((one, _), (_, at_other)) = (tabs("tabs.cache"), tabs("tabs.cache"));
    js("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }));");
    one.send("hidden");
    js("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: false }));");
    one.send("not cached");
    js("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));");
    one.send("shown");
    sleep(100).await;
    assert_eq!(*at_other.borrow(), ["Resumed", r#"Message("shown")"#]);
}

#[wasm_bindgen_test]
fn the_storage_the_network_and_the_visibility_of_the_page_are_events() {
    let (_tabs, heard) = tabs("tabs.events");
    js("
        dispatchEvent(new StorageEvent('storage', { key: 'a' }));
        dispatchEvent(new StorageEvent('storage'));
        dispatchEvent(new Event('online'));
        Object.defineProperty(document, 'visibilityState', { configurable: true, value: 'hidden' });
        document.dispatchEvent(new Event('visibilitychange'));
        Object.defineProperty(document, 'visibilityState', { configurable: true, value: 'visible' });
        document.dispatchEvent(new Event('visibilitychange'));
        delete document.visibilityState;
    ");
    assert_eq!(*heard.borrow(), [r#"StorageChanged(Some("a"))"#, "StorageChanged(None)", "Resumed", "Resumed"]);
}

#[wasm_bindgen_test]
async fn a_browser_without_channels_has_events_all_the_same() {
    js("window.kept = window.BroadcastChannel; delete window.BroadcastChannel;");
    let (tabs, heard) = tabs("tabs.none");
    tabs.send("lost");
    js("dispatchEvent(new Event('online')); window.BroadcastChannel = kept;");
    assert_eq!(*heard.borrow(), ["Resumed"]);
}
