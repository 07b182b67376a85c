//! One page, from its load until it navigates or is closed.

use super::{
    browser::Browser,
    lifecycle::{CancelHandle, Lifecycle, Script},
    ports::PagePorts,
};
use authress_login_client::LoginClient;
use authress_login_protocol::state::{Event, Snapshot};
use futures_util::FutureExt;
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};
use tokio::sync::{Notify, mpsc};
use url::Url;

/// An event of a page.
#[derive(Clone, Debug)]
pub(crate) enum PageEvent {
    Storage(Option<String>),
    Message(String),
    Wake,
}

pub(crate) struct Page {
    pub(crate) id: u64,
    pub(crate) browser: Rc<Browser>,
    pub(crate) lifecycle: Rc<Lifecycle>,
    pub(crate) href: RefCell<String>,
    pub(crate) is_visible: Cell<bool>,
    pub(crate) is_prerendering: Cell<bool>,
    pub(crate) activated: Notify,
    /// Where the client has navigated.
    pub(crate) destination: RefCell<Option<String>>,
    /// The events that the client has emitted, with their snapshots.
    pub(crate) events: RefCell<Vec<(Event, Snapshot)>>,
    /// What the client has logged, and its messages to other tabs.
    pub(crate) log_lines: RefCell<Vec<String>>,
    /// How many requests are in progress.
    pub(crate) in_flight: Cell<u32>,
    /// The delay of events from other tabs, in milliseconds.
    pub(crate) event_delay_ms: Cell<u64>,
    /// The `sessionStorage` of its tab.
    pub(crate) tab_storage: Rc<RefCell<BTreeMap<String, String>>>,
    inbox: mpsc::UnboundedSender<PageEvent>,
}

impl Page {
    /// Loads a page with a client on it.
    pub(super) fn load(
        browser: &Rc<Browser>,
        href: &str,
        is_prerendering: bool,
        application_id: &str,
        tab_storage: Rc<RefCell<BTreeMap<String, String>>>,
    ) -> (Rc<Self>, LoginClient<PagePorts>) {
        let (inbox, mut events) = mpsc::unbounded_channel();
        let page = Rc::new(Self {
            id: browser.world.random(),
            browser: browser.clone(),
            lifecycle: Rc::default(),
            href: RefCell::new(Url::parse(href).unwrap().into()),
            is_visible: Cell::new(true),
            is_prerendering: Cell::new(is_prerendering),
            activated: Notify::new(),
            destination: RefCell::default(),
            events: RefCell::default(),
            log_lines: RefCell::default(),
            in_flight: Cell::new(0),
            event_delay_ms: Cell::new(1),
            tab_storage,
            inbox,
        });
        browser.add(&page);
        let client = PagePorts::client(&page, application_id);
        page.script(client.clone().keep_session());
        let (listener, this) = (client.clone(), page.clone());
        page.script(async move {
            while let Some(event) = events.recv().await {
                super::pass_ms(this.event_delay_ms.get()).await;
                match event {
                    PageEvent::Storage(key) => listener.on_storage(key.as_deref()),
                    PageEvent::Message(message) => listener.on_message(&message),
                    PageEvent::Wake => listener.wake(),
                }
            }
        });
        (page, client)
    }

    /// Runs as script of this page.
    pub(crate) fn script(&self, work: impl Future<Output = ()> + 'static) -> CancelHandle {
        let (script, handle) = Script::new(self.lifecycle.clone(), work.boxed_local());
        super::spawn(script);
        handle
    }

    pub(crate) fn dispatch(&self, event: PageEvent) {
        let _ = self.inbox.send(event);
    }

    pub(crate) fn origin(&self) -> String {
        Url::parse(&self.href.borrow()).unwrap().origin().ascii_serialization()
    }

    /// Ends the page: it is closed or navigates.
    pub(super) fn end(&self) {
        self.lifecycle.end();
        self.browser.locks.release_of(self.id);
    }
}
