//! Calls, tabs, faults and time in any order: what must hold whatever happens.

use crate::support::{Browser, Call, Choice, DAY_MS, Fault, HOUR_MS, MINUTE_MS, Site, Tab, World, login, pass_ms, run};
use authress_login_protocol::{
    authorization::request::AuthenticateOptions,
    callback::login_result::{LoginStatus, Purpose},
    jwt::UnverifiedClaims,
    session::record::STORAGE_KEY,
    state::Event,
};
use proptest::{
    prelude::*,
    sample::select,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    rc::Rc,
};

const CASES: u32 = 48;
const MAX_STEPS: usize = 30;
const MAX_TABS: usize = 4;
const DAY_S: i64 = 24 * 60 * 60;

#[derive(Clone, Copy, Debug)]
enum Step {
    Open,
    Close(usize),
    Reload(usize),
    /// Begins a login, by code or as Authress likes.
    Begin(usize, Choice, bool),
    Link(usize),
    /// A login from the call to the page after the return, unless something is in its way.
    Login(usize, Choice, bool),
    /// Goes where the tab was sent, and returns.
    Return(usize, Choice),
    /// Goes there, and is never back.
    Leave(usize, Choice),
    Logout(usize),
    Token(usize, u32),
    Exists(usize, bool),
    /// The oldest call is given up.
    GiveUp,
    Fail((&'static str, &'static str), Fault, u32),
    Offline(bool),
    Pass(u64),
    Freeze(usize, bool),
    Show(usize, bool),
}

#[derive(Clone, Debug)]
struct Case {
    site: Site,
    ahead_ms: i64,
    hearing_ms: u64,
    seed: u64,
    steps: Vec<Step>,
}

fn choice() -> impl Strategy<Value = Choice> {
    select(vec![Choice::Nobody, Choice::Nobody, Choice::Person("ada"), Choice::Person("grace"), Choice::Cancel])
}

fn step() -> impl Strategy<Value = Step> {
    let tab = || 0..MAX_TABS;
    let request = select(vec![("POST", "/api/authentication"), ("POST", "/tokens"), ("PATCH", "/api/session")]);
    let fault = prop_oneof![
        Just(Fault::DropBefore),
        Just(Fault::DropAfter),
        Just(Fault::Status(503)),
        (0..8_000_u64).prop_map(Fault::Delay),
        (0..8_000_u64).prop_map(Fault::LateAnswer),
    ];
    let moments =
        vec![0, 5, 30, 100, 1_000, 6_000, MINUTE_MS, HOUR_MS, DAY_MS - 6 * MINUTE_MS, DAY_MS - 11_000, DAY_MS, DAY_MS];
    prop_oneof![
        2 => Just(Step::Open),
        1 => tab().prop_map(Step::Close),
        2 => tab().prop_map(Step::Reload),
        3 => (tab(), choice(), any::<bool>()).prop_map(|(tab, choice, by_code)| Step::Begin(tab, choice, by_code)),
        2 => tab().prop_map(Step::Link),
        6 => (tab(), choice(), any::<bool>()).prop_map(|(tab, choice, by_code)| Step::Login(tab, choice, by_code)),
        4 => (tab(), choice()).prop_map(|(tab, choice)| Step::Return(tab, choice)),
        1 => (tab(), choice()).prop_map(|(tab, choice)| Step::Leave(tab, choice)),
        1 => tab().prop_map(Step::Logout),
        4 => (tab(), select(vec![0, 100, 5_000])).prop_map(|(tab, timeout_ms)| Step::Token(tab, timeout_ms)),
        3 => (tab(), any::<bool>()).prop_map(|(tab, background)| Step::Exists(tab, background)),
        1 => Just(Step::GiveUp),
        3 => (request, fault, 1..7_u32).prop_map(|(request, fault, times)| Step::Fail(request, fault, times)),
        1 => any::<bool>().prop_map(Step::Offline),
        9 => select(moments).prop_map(Step::Pass),
        1 => (tab(), any::<bool>()).prop_map(|(tab, frozen)| Step::Freeze(tab, frozen)),
        1 => (tab(), any::<bool>()).prop_map(|(tab, visible)| Step::Show(tab, visible)),
    ]
}

fn case() -> impl Strategy<Value = Case> {
    let day = i64::try_from(DAY_MS).unwrap();
    (
        select(vec![Site::Same, Site::Same, Site::Cross, Site::Localhost]),
        select(vec![0, 0, day, -day]),
        1..60_u64,
        any::<u64>(),
        prop::collection::vec(step(), 5..MAX_STEPS),
    )
        .prop_map(|(site, ahead_ms, hearing_ms, seed, steps)| Case { site, ahead_ms, hearing_ms, seed, steps })
}

/// The identity that is stored, whether or not it is over.
fn stored(browser: &Browser) -> Option<UnverifiedClaims> {
    let record = browser.load(browser.world.site.shop(), STORAGE_KEY)?;
    let record: serde_json::Value = serde_json::from_str(&record).unwrap();
    UnverifiedClaims::decode(record["idToken"].as_str()?)
}

/// Whose session Authress remembers for this browser.
async fn session_user(browser: &Browser) -> Option<String> {
    let shop = browser.world.site.shop();
    let url = format!("{}/api/session/profile", browser.world.site.login()).parse().unwrap();
    let headers = [("origin", shop.to_owned()), ("cookie", browser.request_cookies(&url, true))];
    let answer = browser.world.serve("GET", &url, &headers, None).await;
    let profile: serde_json::Value = serde_json::from_str(&answer.text).unwrap();
    profile["userId"].as_str().map(str::to_owned)
}

struct Model {
    browser: Rc<Browser>,
    tabs: Vec<Tab>,
    hearing_ms: u64,
    /// Whom a login has brought since the last logout.
    legitimate: RefCell<BTreeSet<String>>,
    /// Who was found signed in last, unless a login or logout has come since.
    settled: RefCell<Option<String>>,
    calls: RefCell<Vec<Call<()>>>,
    handed_out: Rc<Cell<u32>>,
    logins: Cell<usize>,
}

impl Model {
    fn new(case: &Case) -> Self {
        let browser = Browser::new(&World::new(case.site, case.seed));
        browser.ahead_ms.set(case.ahead_ms);
        let model = Self {
            tabs: vec![Tab::open(&browser), Tab::open(&browser)],
            browser,
            hearing_ms: case.hearing_ms,
            legitimate: RefCell::default(),
            settled: RefCell::default(),
            calls: RefCell::default(),
            handed_out: Rc::default(),
            logins: Cell::default(),
        };
        model.slow_down();
        model
    }

    fn world(&self) -> &World {
        &self.browser.world
    }

    fn slow_down(&self) {
        self.browser.pages().iter().for_each(|page| page.hearing_ms.set(self.hearing_ms));
    }

    fn started<T: 'static>(&self, call: Call<T>) {
        self.calls.borrow_mut().push(call.ignoring());
    }

    async fn carry_out(&mut self, step: Step) {
        // Of pages that are left nobody hears any more.
        self.note_returns();
        let tab = |index: usize| self.tabs.get(index % self.tabs.len());
        match step {
            Step::Open if self.tabs.len() < MAX_TABS => self.tabs.push(Tab::open(&self.browser)),
            Step::Close(index) if self.tabs.len() > 1 => self.tabs.remove(index % self.tabs.len()).close(),
            Step::Open | Step::Close(_) => {}
            Step::Reload(index) => tab(index).unwrap().reload(),
            Step::Begin(index, choice, by_code) => self.begin(tab(index).unwrap(), choice, by_code),
            Step::Login(index, choice, by_code) => {
                self.begin(tab(index).unwrap(), choice, by_code);
                pass_ms(100).await;
                self.travel(tab(index).unwrap(), choice, true).await;
            }
            Step::Link(index) => self.started(tab(index).unwrap().begin_link()),
            Step::Return(index, choice) => self.travel(tab(index).unwrap(), choice, true).await,
            Step::Leave(index, choice) => self.travel(tab(index).unwrap(), choice, false).await,
            // Where it cannot be carried through at Authress the page is left for its logout page, and the
            // session is there until then.
            Step::Logout(index)
                if !self.browser.is_offline.get() && !tab(index).unwrap().page().lifecycle.is_frozen() =>
            {
                self.started(tab(index).unwrap().logout());
                // The call begins, and with it the logout.
                pass_ms(1).await;
                self.note_returns();
                self.legitimate.borrow_mut().clear();
                self.settled.replace(None);
            }
            Step::Logout(_) => {}
            Step::Token(index, timeout_ms) => self.ask_for_token(tab(index).unwrap(), timeout_ms),
            Step::Exists(index, background) => self.started(
                tab(index).unwrap().call(move |client| async move { client.user_session_exists(background).await }),
            ),
            Step::GiveUp => {
                let mut calls = self.calls.borrow_mut();
                if !calls.is_empty() {
                    calls.remove(0).give_up();
                }
            }
            Step::Fail((method, path), fault, times) => self.world().fail(method, path, fault, times),
            Step::Offline(is_offline) => self.browser.set_offline(is_offline),
            Step::Pass(milliseconds) => pass_ms(milliseconds).await,
            // A browser lets a page finish what it has asked for.
            Step::Freeze(index, true) if tab(index).unwrap().page().in_flight.get() > 0 => {}
            Step::Freeze(index, frozen) => tab(index).unwrap().set_frozen(frozen),
            Step::Show(index, visible) => tab(index).unwrap().set_visible(visible),
        }
        self.slow_down();
    }

    fn begin(&self, tab: &Tab, choice: Choice, by_code: bool) {
        let flow_type = by_code.then(|| "code".to_owned());
        self.started(tab.begin(AuthenticateOptions { flow_type, ..login(choice) }));
    }

    /// Goes where the tab was sent. Authress may be a session further from then on.
    async fn travel(&self, tab: &Tab, choice: Choice, returns: bool) {
        if tab.page().destination.borrow().is_none() || self.browser.is_offline.get() {
            return;
        }
        let Some(back) = tab.travels(choice).await else { return };
        self.settled.replace(None);
        if self.world().site == Site::Same {
            let user = session_user(&self.browser).await;
            self.legitimate.borrow_mut().extend(user);
        }
        self.note_returns();
        if returns {
            tab.load(&back);
        }
    }

    fn ask_for_token(&self, tab: &Tab, timeout_ms: u32) {
        let handed_out = self.handed_out.clone();
        self.started(tab.call(move |client| async move {
            let Ok(Some(token)) = client.ensure_token(timeout_ms).await else { return };
            let (identity, token) = (client.user_identity(), UnverifiedClaims::decode(token.expose()).unwrap());
            assert_eq!(identity.as_ref().and_then(UnverifiedClaims::subject), token.subject(), "another user's token");
            assert_eq!(token.client_id(), Some("app_shop"), "another application's token");
            assert_eq!(token.issuer(), Some(&*client.settings().origin()), "another issuer's token");
            handed_out.set(handed_out.get() + 1);
        }));
    }

    /// Learns of the logins that have come back.
    fn note_returns(&self) {
        for page in self.browser.pages() {
            for (event, snapshot) in page.events.take() {
                self.world().assert_holds_no_secret(&format!("{event:?} {snapshot:?}"));
                let Event::LoginEnded(result) = event else { continue };
                if (result.purpose, result.status) == (Purpose::Login, LoginStatus::SignedIn) {
                    self.settled.replace(None);
                    self.logins.update(|count| count + 1);
                    self.legitimate.borrow_mut().extend(result.user_id);
                }
            }
            for line in page.lines.take() {
                self.world().assert_holds_no_secret(&line);
            }
        }
    }

    /// What holds at any moment.
    fn check(&self) {
        self.note_returns();
        if let Some(claims) = stored(&self.browser) {
            let user = claims.subject().unwrap();
            assert!(self.legitimate.borrow().contains(user), "{user} is stored without a login");
        }
        let mut exchanges = BTreeSet::new();
        for answered in self.world().answered() {
            let is_exchange = answered.path.ends_with("/tokens") && answered.status == 200;
            assert!(!is_exchange || exchanges.insert(answered.path.clone()), "a code was exchanged twice");
        }
        for tab in &self.tabs {
            let href = tab.page().href.borrow().clone();
            let is_new = tab.page().in_flight.get() == 0 && href.contains("code=");
            assert!(!is_new || tab.page().lifecycle.is_frozen() || href.contains("nonce="), "{href}");
        }
    }

    /// What holds once everything has come to rest.
    async fn check_at_rest(&mut self) {
        self.world().heal();
        self.browser.set_offline(false);
        for tab in &self.tabs {
            tab.set_frozen(false);
            tab.set_visible(true);
        }
        pass_ms(2 * MINUTE_MS).await;
        self.check();
        for tab in &self.tabs {
            // A login whose exchange was not answered is completed by the first, or said to have failed.
            let _ = tab.exists().value().await;
        }
        for tab in &self.tabs {
            tab.exists().value().await.unwrap();
        }
        pass_ms(MINUTE_MS).await;
        self.check();
        let live: BTreeSet<u64> = self.browser.pages().iter().map(|page| page.id).collect();
        for mut call in self.calls.take() {
            assert!(call.now().is_some() || !live.contains(&call.page), "a call never settles");
        }
        let snapshots: BTreeSet<String> = self.tabs.iter().map(Tab::snapshot).collect();
        assert_eq!(snapshots.len(), 1, "tabs disagree");
        let user = self.tabs[0].user();
        let shown = user.clone().unwrap_or_else(|| "signed-out".to_owned());
        assert_eq!(snapshots.into_iter().next(), Some(shown));
        self.check_kept(user);
    }

    /// Whoever was signed in still is, unless a logout, a login or the end of the token came between.
    fn check_kept(&self, user: Option<String>) {
        let now_s = i64::try_from(self.world().now_ms() / 1000).unwrap();
        let age_s = stored(&self.browser).and_then(|claims| Some(now_s - claims.issued_at()?)).unwrap_or(0);
        let may_be_over = self.world().site != Site::Same && age_s > DAY_S - 15;
        if let Some(before) = self.settled.replace(user.clone()) {
            assert!(may_be_over || user.as_ref() == Some(&before), "{before} is lost: {user:?}");
        }
    }
}

/// Plays a case.
async fn play(case: Case, seen: Rc<Totals>) {
    let mut model = Model::new(&case);
    for (index, step) in case.steps.iter().enumerate() {
        model.carry_out(*step).await;
        pass_ms(model.world().random() % 40).await;
        model.check();
        if index % 10 == 9 {
            model.check_at_rest().await;
        }
    }
    model.check_at_rest().await;
    seen.logins.update(|count| count + model.logins.get());
    seen.tokens.update(|count| count + model.handed_out.get());
    seen.renewals.update(|count| count + model.world().count("PATCH", "/api/session", 200));
}

/// What happened in all cases together.
#[derive(Debug, Default)]
struct Totals {
    logins: Cell<usize>,
    tokens: Cell<u32>,
    renewals: Cell<usize>,
}

#[test]
fn whatever_happens_nobody_is_lost_and_nobody_gets_what_is_anothers() {
    // More of them with the variable PROPTEST_CASES.
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { Config::default().cases } else { CASES };
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let seen = Rc::new(Totals::default());
    let result = runner.run(&case(), |case| {
        run(play(case, seen.clone()));
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    let enough = seen.logins.get() > 50 && seen.tokens.get() > 10 && seen.renewals.get() > 5;
    assert!(enough, "the cases are too dull: {seen:?}");
}
