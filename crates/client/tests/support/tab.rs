//! A tab, and what the shopper does in it.

use super::{
    browser::Browser,
    lifecycle::CancelHandle,
    page::{Page, PageEvent},
    ports::PagePorts,
};
use authress_login_client::{LoginClient, OpenType};
use authress_login_protocol::{
    authorization::request::{AuthenticateOptions, LinkOptions},
    error::Error,
    jwt::UnverifiedClaims,
    state::{Event, Snapshot},
};
use std::{cell::RefCell, rc::Rc, time::Duration};
use tokio::{sync::oneshot, time::timeout};
use url::Url;

/// The client of a page.
pub(crate) type Client = LoginClient<PagePorts>;

const REDIRECT: OpenType = OpenType::Redirect { returns_response: false };

/// What the shopper does at the identity provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// The shopper does nothing: the verifier issues an anonymous user id.
    Anonymous,
    Person(&'static str),
    Cancel,
}

pub(crate) struct Tab {
    pub(crate) browser: Rc<Browser>,
    page: RefCell<(Rc<Page>, LoginClient<PagePorts>)>,
}

/// A call of the client by a page.
pub(crate) struct Call<T> {
    /// The id of the page.
    pub(crate) page: u64,
    result: oneshot::Receiver<T>,
    script: CancelHandle,
}

impl<T> Call<T> {
    /// Waits for the result, at most two simulated minutes.
    pub(crate) async fn value(self) -> T {
        let settled = timeout(Duration::from_secs(120), self.result).await;
        settled.expect("the call settles").expect("the page lives")
    }

    /// Returns the result if the call has settled.
    pub(crate) fn try_value(&mut self) -> Option<T> {
        self.result.try_recv().ok()
    }

    /// Returns the call without its result.
    pub(crate) fn without_value(self) -> Call<()>
    where
        T: 'static,
    {
        let (settle, result) = oneshot::channel();
        super::spawn(async move {
            if self.result.await.is_ok() {
                let _ = settle.send(());
            }
        });
        Call { page: self.page, result, script: self.script }
    }

    /// Cancels the call.
    pub(crate) fn cancel(self) {
        self.script.cancel();
    }
}

impl Tab {
    /// Opens the shop. The client looks for a callback and a session by itself, as on every page.
    pub(crate) fn open(browser: &Rc<Browser>) -> Self {
        Self::open_at(browser, &format!("{}/", browser.world.site.shop()))
    }

    pub(crate) fn open_at(browser: &Rc<Browser>, href: &str) -> Self {
        Self::opened(browser, href, false, "app_shop")
    }

    /// Opens a page of another application.
    pub(crate) fn open_application(browser: &Rc<Browser>, href: &str, application_id: &str) -> Self {
        Self::opened(browser, href, false, application_id)
    }

    /// Prerenders a page.
    pub(crate) fn prerender(browser: &Rc<Browser>, href: &str) -> Self {
        Self::opened(browser, href, true, "app_shop")
    }

    fn opened(browser: &Rc<Browser>, href: &str, is_prerendering: bool, application_id: &str) -> Self {
        let page = RefCell::new(Page::load(browser, href, is_prerendering, application_id, Rc::default()));
        let tab = Self { browser: browser.clone(), page };
        tab.check_in_background();
        tab
    }

    pub(crate) fn page(&self) -> Rc<Page> {
        self.page.borrow().0.clone()
    }

    /// Creates another client on the same page, as a second copy of the package does.
    pub(crate) fn other_client(&self, application_id: &str) -> LoginClient<PagePorts> {
        PagePorts::client(&self.page(), application_id)
    }

    pub(crate) fn client(&self) -> LoginClient<PagePorts> {
        self.page.borrow().1.clone()
    }

    /// Navigates to another page of the shop.
    pub(crate) fn load(&self, href: &str) {
        self.page().end();
        let application_id = self.client().settings().application_id().to_owned();
        let tab_storage = self.page().tab_storage.clone();
        self.page.replace(Page::load(&self.browser, href, false, &application_id, tab_storage));
        self.check_in_background();
    }

    pub(crate) fn reload(&self) {
        let href = self.page().href.borrow().clone();
        self.load(&href);
    }

    pub(crate) fn close(&self) {
        self.page().end();
    }

    pub(crate) fn set_frozen(&self, is_frozen: bool) {
        self.page().lifecycle.set_frozen(is_frozen);
    }

    pub(crate) fn set_visible(&self, is_visible: bool) {
        self.page().is_visible.set(is_visible);
        if is_visible {
            self.page().dispatch(PageEvent::Wake);
        }
    }

    /// Activates a prerendered page.
    pub(crate) fn activate(&self) {
        let page = self.page();
        page.is_prerendering.set(false);
        page.activated.notify_waiters();
        page.dispatch(PageEvent::Wake);
    }

    /// Calls the client on this page.
    pub(crate) fn call<T: 'static, F: Future<Output = T> + 'static>(
        &self,
        call: impl FnOnce(LoginClient<PagePorts>) -> F,
    ) -> Call<T> {
        let (settle, result) = oneshot::channel();
        let work = call(self.client());
        let script = self.page().script(async move {
            let _ = settle.send(work.await);
        });
        Call { page: self.page().id, result, script }
    }

    fn check_in_background(&self) {
        drop(self.call(|client| async move { client.user_session_exists(true).await }));
    }

    pub(crate) fn exists(&self) -> Call<Result<bool, Error>> {
        self.call(|client| async move { client.user_session_exists(false).await })
    }

    /// Calls `ensureToken` and returns the claims of the access token.
    pub(crate) fn token(&self, timeout_ms: u32) -> Call<Result<Option<UnverifiedClaims>, Error>> {
        self.call(move |client| async move {
            let token = client.ensure_token(timeout_ms).await?;
            Ok(token.map(|token| UnverifiedClaims::decode(token.expose()).unwrap()))
        })
    }

    pub(crate) fn begin(&self, options: AuthenticateOptions) -> Call<Result<(), Error>> {
        self.call(|client| async move { client.authenticate(&options, REDIRECT).await.map(drop) })
    }

    pub(crate) fn begin_link(&self) -> Call<Result<(), Error>> {
        let options = LinkOptions { connection_id: Some("con_acorn".to_owned()), ..LinkOptions::default() };
        self.call(|client| async move { client.link_identity(&options, REDIRECT).await.map(drop) })
    }

    pub(crate) fn logout(&self) -> Call<Result<(), Error>> {
        self.call(|client| async move { client.logout(None).await })
    }

    /// Signs in anonymously, from the call to the page after the callback. Returns the user id.
    pub(crate) async fn sign_in(&self) -> String {
        self.sign_in_as(Choice::Anonymous).await
    }

    /// Signs in, from the call to the page after the callback. Returns the user id.
    pub(crate) async fn sign_in_as(&self, choice: Choice) -> String {
        self.begin(login(choice)).value().await.unwrap();
        self.follow_redirects(choice).await;
        assert!(self.exists().value().await.unwrap());
        self.user().expect("a user id")
    }

    /// Returns where the client has navigated, once.
    pub(crate) fn destination(&self) -> Option<String> {
        self.page().destination.take()
    }

    /// Follows the client's navigation and the redirects until the browser is at the shop again.
    pub(crate) async fn follow_redirects(&self, choice: Choice) {
        let callback = self.callback_url(choice).await;
        self.load(&callback);
    }

    /// Follows the client's navigation and the redirects. Returns the callback URL without loading it.
    pub(crate) async fn callback_url(&self, choice: Choice) -> String {
        self.try_callback_url(choice).await.expect("a callback to the shop")
    }

    /// Does the same. Returns `None` if the redirects end at a page of Authress.
    pub(crate) async fn try_callback_url(&self, choice: Choice) -> Option<String> {
        let url = Url::parse(&self.destination().expect("a navigation")).unwrap();
        self.browser.follow_redirects(&self.page().origin(), url, choice).await
    }

    /// Returns the user id of the client's identity.
    pub(crate) fn user(&self) -> Option<String> {
        self.client().session().map(|session| session.user_id().to_owned())
    }

    /// Returns the snapshot: `checking`, `signed-out` or the user id.
    pub(crate) fn snapshot(&self) -> String {
        describe(&self.client().snapshot())
    }

    /// Returns the names of the events since the last call.
    pub(crate) fn events(&self) -> Vec<String> {
        self.page().events.take().iter().map(|(event, _)| name(event)).collect()
    }
}

/// Returns the options of a login.
pub(crate) fn login(choice: Choice) -> AuthenticateOptions {
    let connection = if choice == Choice::Anonymous { "sc_shop" } else { "con_acorn" };
    AuthenticateOptions { connection_id: Some(connection.to_owned()), ..AuthenticateOptions::default() }
}

pub(crate) fn describe(snapshot: &Snapshot) -> String {
    match snapshot {
        Snapshot::Checking => "checking".to_owned(),
        Snapshot::SignedIn(session) => session.user_id().to_owned(),
        Snapshot::SignedOut => "signed-out".to_owned(),
    }
}

fn name(event: &Event) -> String {
    match event {
        Event::Ready => "ready".to_owned(),
        Event::SignedIn => "signed-in".to_owned(),
        Event::TokenRenewed => "token-renewed".to_owned(),
        Event::SignedOut => "signed-out".to_owned(),
        Event::LoginEnded(result) => format!("{:?} {}", result.purpose, result.status.as_str()),
    }
}
