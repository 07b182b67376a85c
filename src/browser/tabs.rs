//! The same client in other tabs, and this tab's return to use: what [`TabEvent`] names.

use super::{page, window::window};
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::{JsCast, closure::Closure, convert::FromWasmAbi};
use web_sys::{BroadcastChannel, Event, EventTarget, MessageEvent, PageTransitionEvent, StorageEvent};

/// What a client has to know of.
#[derive(Debug)]
pub enum TabEvent<'a> {
    /// Another tab has sent a message.
    Message(&'a str),
    /// Another tab has changed this key of the storage, or all of it.
    StorageChanged(Option<&'a str>),
    /// Time may have passed since the page was last in use: it is visible, online, or back from the back/forward cache.
    Woken,
}

/// The channel to the same client in other tabs. Browsers that have none learn of sessions by the storage alone.
#[derive(Debug)]
pub struct Tabs {
    name: String,
    channel: RefCell<Option<BroadcastChannel>>,
}

impl Tabs {
    /// Takes the channel's name and opens nothing yet.
    pub fn new(name: String) -> Rc<Self> {
        Rc::new(Self { name, channel: RefCell::default() })
    }

    /// Sends a message to the other tabs.
    pub fn send(&self, message: &str) {
        if let Some(channel) = &*self.channel.borrow() {
            let _ = channel.post_message(&message.into());
        }
    }

    /// Calls `listener` for every event from now on.
    pub fn listen(self: &Rc<Self>, listener: impl Fn(TabEvent<'_>) + 'static) {
        let listener = Rc::new(listener);
        let on_message = {
            let listener = Rc::clone(&listener);
            Closure::new(move |event: MessageEvent| {
                if let Some(message) = event.data().as_string() {
                    listener(TabEvent::Message(&message));
                }
            })
        };
        self.open(&on_message);

        let window = window();
        let tabs = Rc::clone(self);
        on(&window, "pagehide", move |_: Event| tabs.close());
        let (tabs, woken) = (Rc::clone(self), Rc::clone(&listener));
        on(&window, "pageshow", move |event: PageTransitionEvent| {
            if event.persisted() {
                tabs.open(&on_message);
                woken(TabEvent::Woken);
            }
        });
        let storage = Rc::clone(&listener);
        on(&window, "storage", move |event: StorageEvent| storage(TabEvent::StorageChanged(event.key().as_deref())));
        let online = Rc::clone(&listener);
        on(&window, "online", move |_: Event| online(TabEvent::Woken));
        if let Some(document) = window.document() {
            on(&document, "visibilitychange", move |_: Event| {
                if page::is_visible() {
                    listener(TabEvent::Woken);
                }
            });
        }
    }

    fn open(&self, on_message: &Closure<dyn FnMut(MessageEvent)>) {
        let channel = BroadcastChannel::new(&self.name).ok();
        if let Some(channel) = &channel {
            channel.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        }
        self.channel.replace(channel);
    }

    /// An open channel can keep a page out of the back/forward cache.
    fn close(&self) {
        if let Some(channel) = self.channel.take() {
            channel.close();
        }
    }
}

/// Listens as long as the page lasts.
fn on<E: FromWasmAbi + 'static>(target: &EventTarget, event: &str, listener: impl FnMut(E) + 'static) {
    let listener = Closure::<dyn FnMut(E)>::new(listener).into_js_value();
    let _ = target.add_event_listener_with_callback(event, listener.unchecked_ref());
}
