//! Messages between the tabs of a client, and the page events after which a client reads its state anew.

use super::{page, window::window};
use js_sys::Function;
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{BroadcastChannel, Event, EventTarget, MessageEvent, PageTransitionEvent, StorageEvent};

/// An event from another tab or of this page.
#[derive(Debug)]
pub enum TabEvent<'a> {
    /// Another tab has sent a message.
    Message(&'a str),
    /// Another tab has changed this key of the storage, or all of it.
    StorageChanged(Option<&'a str>),
    /// Time may have passed since the page was last in use: it is visible, online, or back from the back/forward cache.
    Resumed,
}

/// The channel to the same client in other tabs. A browser without `BroadcastChannel` learns of sessions by the storage alone.
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
        let listener: Rc<dyn Fn(TabEvent<'_>)> = Rc::new(listener);
        let on_message = {
            let listener = Rc::clone(&listener);
            function(Box::new(move |event| {
                // Another version of the package may send something else.
                if let Some(message) = event.unchecked_ref::<MessageEvent>().data().as_string() {
                    listener(TabEvent::Message(&message));
                }
            }))
        };
        self.open(&on_message);

        let window = window();
        let tabs = Rc::clone(self);
        on(&window, "pagehide", Box::new(move |_| tabs.close()));
        let (tabs, resumed) = (Rc::clone(self), Rc::clone(&listener));
        let on_show = move |event: Event| {
            if event.unchecked_ref::<PageTransitionEvent>().persisted() {
                tabs.open(&on_message);
                resumed(TabEvent::Resumed);
            }
        };
        on(&window, "pageshow", Box::new(on_show));
        let changed = Rc::clone(&listener);
        let on_storage = move |event: Event| {
            let key = event.unchecked_ref::<StorageEvent>().key();
            changed(TabEvent::StorageChanged(key.as_deref()));
        };
        on(&window, "storage", Box::new(on_storage));
        let online = Rc::clone(&listener);
        on(&window, "online", Box::new(move |_| online(TabEvent::Resumed)));
        if let Some(document) = window.document() {
            let on_visibility = move |_: Event| {
                if page::is_visible() {
                    listener(TabEvent::Resumed);
                }
            };
            on(&document, "visibilitychange", Box::new(on_visibility));
        }
    }

    fn open(&self, on_message: &Function) {
        let channel = BroadcastChannel::new(&self.name).ok();
        if let Some(channel) = &channel {
            channel.set_onmessage(Some(on_message));
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
fn on(target: &EventTarget, event: &str, listener: Box<dyn FnMut(Event)>) {
    let _ = target.add_event_listener_with_callback(event, &function(listener));
}

/// A listener as a function of JavaScript. All have one type, so that the code of closures is in the module once.
fn function(listener: Box<dyn FnMut(Event)>) -> Function {
    Closure::wrap(listener).into_js_value().unchecked_into()
}
