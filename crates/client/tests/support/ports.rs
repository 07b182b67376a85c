//! The client's ports on a page in memory.

use super::{
    locks::LockRequest,
    page::{Page, PageEvent},
};
use authress_login_client::{LoginClient, Options, Ports};
use authress_login_protocol::{
    error::Error,
    http::{Outcome, Request},
    page,
    session::cookies::Cookies,
    settings::Settings,
    state::{Event, State},
    web_url::WebUrl,
};
use std::rc::Rc;
use url::Url;

/// The ports of one page.
pub(crate) struct PagePorts(Rc<Page>);

impl PagePorts {
    pub(super) fn client(page: &Rc<Page>, application_id: &str) -> LoginClient<Self> {
        let settings = Settings::new(page.browser.world.site.login(), Some(application_id)).unwrap();
        LoginClient::new(settings, Options::default(), Self(page.clone()))
    }

    fn url(&self) -> Url {
        Url::parse(&self.0.href.borrow()).unwrap()
    }
}

impl Ports for PagePorts {
    type Lock = LockRequest;

    fn page(&self) -> Result<page::Page, Error> {
        page::Page::new(&self.0.href.borrow())
    }

    fn show_address(&self, href: &str) {
        assert_eq!(Url::parse(href).unwrap().origin(), self.url().origin());
        self.0.href.replace(href.to_owned());
    }

    fn navigate(&self, href: &str) -> Result<(), Error> {
        self.0.destination.replace(Some(href.to_owned()));
        Ok(())
    }

    fn open_tab(&self, _: &str) -> bool {
        false
    }

    fn is_visible(&self) -> bool {
        self.0.is_visible.get() && !self.0.is_prerendering.get()
    }

    async fn activation(&self) {
        if self.0.is_prerendering.get() {
            self.0.activated.notified().await;
        }
    }

    fn cookies(&self) -> Cookies {
        Cookies::new(self.0.browser.script_cookies(&self.url()))
    }

    fn assign_cookie(&self, assignment: &str) {
        self.0.browser.assign_cookie(&self.url(), assignment);
    }

    fn load(&self, key: &str) -> Option<String> {
        self.0.browser.load(&self.0.origin(), key)
    }

    fn store(&self, key: &str, value: &str) -> bool {
        self.0.browser.store(&self.0, key, Some(value));
        true
    }

    fn remove(&self, key: &str) {
        self.0.browser.store(&self.0, key, None);
    }

    fn keys(&self, prefix: &str) -> Vec<String> {
        let mut keys = self.0.browser.keys(&self.0.origin());
        keys.retain(|key| key.starts_with(prefix));
        keys
    }

    fn is_durable(&self) -> bool {
        true
    }

    fn load_in_tab(&self, key: &str) -> Option<String> {
        self.0.tab_storage.borrow().get(key).cloned()
    }

    fn store_in_tab(&self, key: &str, value: &str) {
        self.0.tab_storage.borrow_mut().insert(key.to_owned(), value.to_owned());
    }

    fn remove_in_tab(&self, key: &str) {
        self.0.tab_storage.borrow_mut().remove(key);
    }

    fn now_ms(&self) -> i64 {
        self.0.browser.now_ms()
    }

    async fn server_now_ms(&self) -> Option<i64> {
        super::pass_ms(20).await;
        let seconds = self.0.browser.world.now_ms() / 1000;
        (!self.0.browser.is_offline.get()).then(|| i64::try_from(seconds * 1000).unwrap())
    }

    async fn sleep(&self, milliseconds: u32) {
        super::pass_ms(milliseconds.into()).await;
    }

    async fn yield_to_event_loop(&self) {
        super::pass_ms(1).await;
    }

    fn fill_random(&self, bytes: &mut [u8]) -> Result<(), Error> {
        bytes.fill_with(|| self.0.browser.world.random() as u8);
        Ok(())
    }

    async fn send(&self, origin: &str, request: &Request) -> Outcome {
        self.0.browser.fetch(&self.0, origin, request).await
    }

    async fn follow(&self, url: &WebUrl) -> Result<(), Error> {
        self.0.browser.follow_in_background(&self.0, url.as_str()).await.map_err(Error::from)
    }

    async fn lock(&self, name: &str, wait_ms: u32) -> Option<LockRequest> {
        let name = format!("{} {name}", self.0.origin());
        let request = self.0.browser.locks.request(&name, self.0.id);
        tokio::time::timeout(std::time::Duration::from_millis(wait_ms.into()), request).await.ok()
    }

    fn broadcast(&self, message: &str) {
        self.0.log_lines.borrow_mut().push(message.to_owned());
        self.0.browser.notify_others(&self.0, &PageEvent::Message(message.to_owned()));
    }

    fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        self.0.script(task);
    }

    fn emit(&self, event: &Event, state: &State) {
        self.0.events.borrow_mut().push((event.clone(), state.snapshot().clone()));
    }

    fn log(&self, title: &str) {
        self.0.log_lines.borrow_mut().push(title.to_owned());
    }

    fn warn(&self, title: &str, error: &Error) {
        self.0.log_lines.borrow_mut().push(format!("{title}: {error:?}"));
    }
}
