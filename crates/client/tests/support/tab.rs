//! A tab and the shopper in front of it.

use super::{
    browser::{Browser, site_of},
    lifecycle::GiveUp,
    page::{Heard, Page},
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
use url::{Url, form_urlencoded};

const REDIRECT: OpenType = OpenType::Redirect { returns_response: false };

/// What the shopper does at the identity provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// Nothing is asked: the shop's verifier answers.
    Nobody,
    Person(&'static str),
    Cancel,
}

pub(crate) struct Tab {
    pub(crate) browser: Rc<Browser>,
    page: RefCell<(Rc<Page>, LoginClient<PagePorts>)>,
}

/// A call that a page has made.
pub(crate) struct Call<T> {
    /// The page that has made it.
    pub(crate) page: u64,
    result: oneshot::Receiver<T>,
    script: GiveUp,
}

impl<T> Call<T> {
    /// What it comes to, which must be within two simulated minutes.
    pub(crate) async fn value(self) -> T {
        let settled = timeout(Duration::from_secs(120), self.result).await;
        settled.expect("the call settles").expect("the page lives")
    }

    /// What it has come to, if it has.
    pub(crate) fn now(&mut self) -> Option<T> {
        self.result.try_recv().ok()
    }

    /// The same, where nobody cares for the result.
    pub(crate) fn ignoring(self) -> Call<()>
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

    /// The caller gives it up.
    pub(crate) fn give_up(self) {
        self.script.now();
    }
}

impl Tab {
    /// Opens the shop. The client looks for a return and a session by itself, as in every page.
    pub(crate) fn open(browser: &Rc<Browser>) -> Self {
        Self::open_at(browser, &format!("{}/", browser.world.site.shop()))
    }

    pub(crate) fn open_at(browser: &Rc<Browser>, href: &str) -> Self {
        Self::opened(browser, href, false, "app_shop")
    }

    /// A page of another application.
    pub(crate) fn open_application(browser: &Rc<Browser>, href: &str, application_id: &str) -> Self {
        Self::opened(browser, href, false, application_id)
    }

    /// A page that is prepared for a shopper who may never come.
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

    /// Another client on the same page, as a second copy of the package makes.
    pub(crate) fn other_client(&self, application_id: &str) -> LoginClient<PagePorts> {
        PagePorts::client(&self.page(), application_id)
    }

    pub(crate) fn client(&self) -> LoginClient<PagePorts> {
        self.page.borrow().1.clone()
    }

    /// Goes to another page of the shop.
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
            self.page().hear(Heard::Wake);
        }
    }

    /// The shopper comes to a prerendered page.
    pub(crate) fn activate(&self) {
        let page = self.page();
        page.is_prerendering.set(false);
        page.activated.notify_waiters();
        page.hear(Heard::Wake);
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

    /// The claims of the access token that `ensureToken` gives, or the code of its refusal.
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

    /// Logs in anonymously, from the call to the page after the return.
    pub(crate) async fn sign_in(&self) -> String {
        self.sign_in_as(Choice::Nobody).await
    }

    /// Logs in, from the call to the page after the return; the user id.
    pub(crate) async fn sign_in_as(&self, choice: Choice) -> String {
        self.begin(login(choice)).value().await.unwrap();
        self.follow(choice).await;
        assert!(self.exists().value().await.unwrap());
        self.user().expect("a user id")
    }

    /// Where the client has sent the browser, once.
    pub(crate) fn destination(&self) -> Option<String> {
        self.page().destination.take()
    }

    /// Goes where the client has sent the browser, until it is back at the shop.
    pub(crate) async fn follow(&self, choice: Choice) {
        let back = self.travel(choice).await;
        self.load(&back);
    }

    /// Goes through Authress and the provider; the address with which the browser would return.
    pub(crate) async fn travel(&self, choice: Choice) -> String {
        self.travels(choice).await.expect("a way back to the shop")
    }

    /// The same; `None` where the way ends at a page of Authress.
    pub(crate) async fn travels(&self, choice: Choice) -> Option<String> {
        let mut url = Url::parse(&self.destination().expect("a navigation")).unwrap();
        let mut sites = vec![site_of(&Url::parse(&self.page().origin()).unwrap())];
        for _ in 0..10 {
            if url.origin().ascii_serialization() == self.page().origin() {
                return Some(url.into());
            }
            sites.push(site_of(&url));
            let is_provider = url.path().starts_with("/sandbox/provider/");
            let form = |name, value| form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish();
            let form = match choice {
                Choice::Nobody => String::new(),
                Choice::Person(name) => form("user", name),
                Choice::Cancel => form("cancel", "1"),
            };
            let same_site = sites.iter().all(|site| *site == site_of(&url));
            let headers = [("cookie", self.browser.request_cookies(&url, same_site))];
            let body = is_provider.then_some(("application/x-www-form-urlencoded", form));
            let method = if is_provider { "POST" } else { "GET" };
            super::pass_ms(40).await;
            let answer = self.browser.world.serve(method, &url, &headers, body).await;
            self.browser.take_cookies(&url, &answer.set_cookies());
            url = url.join(answer.header("location")?).unwrap();
        }
        panic!("too many redirects, at last to {url}");
    }

    /// The user id that the client would show now.
    pub(crate) fn user(&self) -> Option<String> {
        self.client().user_identity().and_then(|claims| claims.subject().map(str::to_owned))
    }

    /// What `getSnapshot` says: `checking`, `signed-out` or the user id.
    pub(crate) fn snapshot(&self) -> String {
        describe(&self.client().snapshot())
    }

    /// What listeners were told since the last time somebody asked.
    pub(crate) fn events(&self) -> Vec<String> {
        self.page().events.take().iter().map(|(event, _)| name(event)).collect()
    }
}

/// The options of a login.
pub(crate) fn login(choice: Choice) -> AuthenticateOptions {
    let connection = if choice == Choice::Nobody { "sc_shop" } else { "con_acorn" };
    AuthenticateOptions { connection_id: Some(connection.to_owned()), ..AuthenticateOptions::default() }
}

pub(crate) fn describe(snapshot: &Snapshot) -> String {
    match snapshot {
        Snapshot::Checking => "checking".to_owned(),
        Snapshot::SignedIn(claims) => claims.subject().unwrap().to_owned(),
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
