//! One page: from its load until it is left or closed.

use super::{
    browser::Browser,
    lifecycle::{GiveUp, Lifecycle, Script},
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

/// What a page hears from outside.
#[derive(Clone, Debug)]
pub(crate) enum Heard {
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
    /// Where the client has sent the browser.
    pub(crate) destination: RefCell<Option<String>>,
    /// What the client has told the application.
    pub(crate) events: RefCell<Vec<(Event, Snapshot)>>,
    /// What the client has told developers.
    pub(crate) lines: RefCell<Vec<String>>,
    /// How many of its requests are under way.
    pub(crate) in_flight: Cell<u32>,
    /// How much later this page hears of other tabs, in milliseconds.
    pub(crate) hearing_ms: Cell<u64>,
    /// The `sessionStorage` of its tab.
    pub(crate) tab_storage: Rc<RefCell<BTreeMap<String, String>>>,
    inbox: mpsc::UnboundedSender<Heard>,
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
        let (inbox, mut heard) = mpsc::unbounded_channel();
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
            lines: RefCell::default(),
            in_flight: Cell::new(0),
            hearing_ms: Cell::new(1),
            tab_storage,
            inbox,
        });
        browser.add(&page);
        let client = PagePorts::client(&page, application_id);
        page.script(client.clone().keep_session());
        let (listener, this) = (client.clone(), page.clone());
        page.script(async move {
            while let Some(heard) = heard.recv().await {
                super::pass_ms(this.hearing_ms.get()).await;
                match heard {
                    Heard::Storage(key) => listener.on_storage(key.as_deref()),
                    Heard::Message(message) => listener.on_message(&message),
                    Heard::Wake => listener.wake(),
                }
            }
        });
        (page, client)
    }

    /// Runs as script of this page.
    pub(crate) fn script(&self, work: impl Future<Output = ()> + 'static) -> GiveUp {
        let (script, give_up) = Script::new(self.lifecycle.clone(), work.boxed_local());
        super::spawn(script);
        give_up
    }

    pub(crate) fn hear(&self, heard: Heard) {
        let _ = self.inbox.send(heard);
    }

    pub(crate) fn origin(&self) -> String {
        Url::parse(&self.href.borrow()).unwrap().origin().ascii_serialization()
    }

    /// The page is closed or left.
    pub(super) fn end(&self) {
        self.lifecycle.end();
        self.browser.locks.release_of(self.id);
    }
}
