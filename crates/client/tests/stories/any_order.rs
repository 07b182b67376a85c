//! Calls, tabs, faults and time in random order, and the invariants that hold in every order.

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
    /// Begins a login, with a code if the last member is `true`.
    Begin(usize, Choice, bool),
    Link(usize),
    /// A login from the call to the page after the callback, unless a fault prevents it.
    Login(usize, Choice, bool),
    /// Follows the tab's navigation to the callback.
    Callback(usize, Choice),
    /// Follows the tab's navigation, but never loads the callback.
    Leave(usize, Choice),
    Logout(usize),
    Token(usize, u32),
    Exists(usize, bool),
    /// Cancels the oldest call.
    Cancel,
    Fail((&'static str, &'static str), Fault, u32),
    Offline(bool),
    Pass(u64),
    Freeze(usize, bool),
    Show(usize, bool),
}

#[derive(Clone, Debug)]
struct Case {
    site: Site,
    clock_ahead_ms: i64,
    event_delay_ms: u64,
    seed: u64,
    steps: Vec<Step>,
}

fn choice() -> impl Strategy<Value = Choice> {
    select(vec![Choice::Anonymous, Choice::Anonymous, Choice::Person("ada"), Choice::Person("grace"), Choice::Cancel])
}

fn step() -> impl Strategy<Value = Step> {
    let tab = || 0..MAX_TABS;
    let request = select(vec![("POST", "/api/authentication"), ("POST", "/tokens"), ("PATCH", "/api/session")]);
    let fault = prop_oneof![
        Just(Fault::DropRequest),
        Just(Fault::DropResponse),
        Just(Fault::Status(503)),
        (0..8_000_u64).prop_map(Fault::DelayRequest),
        (0..8_000_u64).prop_map(Fault::DelayResponse),
    ];
    let durations =
        vec![0, 5, 30, 100, 1_000, 6_000, MINUTE_MS, HOUR_MS, DAY_MS - 6 * MINUTE_MS, DAY_MS - 11_000, DAY_MS, DAY_MS];
    prop_oneof![
        2 => Just(Step::Open),
        1 => tab().prop_map(Step::Close),
        2 => tab().prop_map(Step::Reload),
        3 => (tab(), choice(), any::<bool>()).prop_map(|(tab, choice, by_code)| Step::Begin(tab, choice, by_code)),
        2 => tab().prop_map(Step::Link),
        6 => (tab(), choice(), any::<bool>()).prop_map(|(tab, choice, by_code)| Step::Login(tab, choice, by_code)),
        4 => (tab(), choice()).prop_map(|(tab, choice)| Step::Callback(tab, choice)),
        1 => (tab(), choice()).prop_map(|(tab, choice)| Step::Leave(tab, choice)),
        1 => tab().prop_map(Step::Logout),
        4 => (tab(), select(vec![0, 100, 5_000])).prop_map(|(tab, timeout_ms)| Step::Token(tab, timeout_ms)),
        3 => (tab(), any::<bool>()).prop_map(|(tab, background)| Step::Exists(tab, background)),
        1 => Just(Step::Cancel),
        3 => (request, fault, 1..7_u32).prop_map(|(request, fault, times)| Step::Fail(request, fault, times)),
        1 => any::<bool>().prop_map(Step::Offline),
        9 => select(durations).prop_map(Step::Pass),
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
        .prop_map(|(site, clock_ahead_ms, event_delay_ms, seed, steps)| Case {
            site,
            clock_ahead_ms,
            event_delay_ms,
            seed,
            steps,
        })
}

/// Returns the stored identity, even if it has expired.
fn stored(browser: &Browser) -> Option<UnverifiedClaims> {
    let record = browser.load(browser.world.site.shop(), STORAGE_KEY)?;
    let record: serde_json::Value = serde_json::from_str(&record).unwrap();
    UnverifiedClaims::decode(record["idToken"].as_str()?)
}

/// Returns the user of the session that Authress has for this browser.
async fn session_user(browser: &Browser) -> Option<String> {
    let shop = browser.world.site.shop();
    let url = format!("{}/api/session/profile", browser.world.site.login()).parse().unwrap();
    let headers = [("origin", shop.to_owned()), ("cookie", browser.request_cookies(&url, true))];
    let response = browser.world.serve("GET", &url, &headers, None).await;
    let profile: serde_json::Value = serde_json::from_str(&response.text).unwrap();
    profile["userId"].as_str().map(str::to_owned)
}

struct Model {
    browser: Rc<Browser>,
    tabs: Vec<Tab>,
    event_delay_ms: u64,
    /// The users that have signed in since the last logout.
    legitimate: RefCell<BTreeSet<String>>,
    /// The pages with a callback that have not announced its result.
    handling_callback: RefCell<BTreeSet<u64>>,
    /// The user that was signed in last, unless there was a login or logout since.
    settled: RefCell<Option<String>>,
    calls: RefCell<Vec<Call<()>>>,
    returned_tokens: Rc<Cell<u32>>,
    logins: Cell<usize>,
}

impl Model {
    fn new(case: &Case) -> Self {
        let browser = Browser::new(&World::new(case.site, case.seed));
        browser.clock_ahead_ms.set(case.clock_ahead_ms);
        let model = Self {
            tabs: vec![Tab::open(&browser), Tab::open(&browser)],
            browser,
            event_delay_ms: case.event_delay_ms,
            legitimate: RefCell::default(),
            handling_callback: RefCell::default(),
            settled: RefCell::default(),
            calls: RefCell::default(),
            returned_tokens: Rc::default(),
            logins: Cell::default(),
        };
        model.slow_down();
        model
    }

    fn world(&self) -> &World {
        &self.browser.world
    }

    fn slow_down(&self) {
        self.browser.pages().iter().for_each(|page| page.event_delay_ms.set(self.event_delay_ms));
    }

    fn started<T: 'static>(&self, call: Call<T>) {
        self.calls.borrow_mut().push(call.without_value());
    }

    async fn perform(&mut self, step: Step) {
        // The events of pages that have ended are lost.
        self.note_logins();
        let tab = |index: usize| self.tabs.get(index % self.tabs.len());
        match step {
            Step::Open if self.tabs.len() < MAX_TABS => self.tabs.push(Tab::open(&self.browser)),
            Step::Close(index) if self.tabs.len() > 1 => {
                self.interrupt(tab(index).unwrap());
                self.tabs.remove(index % self.tabs.len()).close();
            }
            Step::Open | Step::Close(_) => {}
            Step::Reload(index) => {
                let is_handling = self.interrupt(tab(index).unwrap());
                tab(index).unwrap().reload();
                // The new page continues with the callback.
                self.handling_callback.borrow_mut().extend(is_handling.then(|| tab(index).unwrap().page().id));
            }
            Step::Begin(index, choice, by_code) => self.begin(tab(index).unwrap(), choice, by_code),
            Step::Login(index, choice, by_code) => {
                self.begin(tab(index).unwrap(), choice, by_code);
                pass_ms(100).await;
                self.follow_redirects(tab(index).unwrap(), choice, true).await;
            }
            Step::Link(index) => self.started(tab(index).unwrap().begin_link()),
            Step::Callback(index, choice) => self.follow_redirects(tab(index).unwrap(), choice, true).await,
            Step::Leave(index, choice) => self.follow_redirects(tab(index).unwrap(), choice, false).await,
            // Offline, the page navigates to Authress's logout page, and the session exists until then.
            Step::Logout(index)
                if !self.browser.is_offline.get() && !tab(index).unwrap().page().lifecycle.is_frozen() =>
            {
                self.started(tab(index).unwrap().logout());
                // The logout starts with the call.
                pass_ms(1).await;
                self.note_logins();
                self.legitimate.borrow_mut().clear();
                self.settled.replace(None);
            }
            Step::Logout(_) => {}
            Step::Token(index, timeout_ms) => self.ask_for_token(tab(index).unwrap(), timeout_ms),
            Step::Exists(index, background) => self.started(
                tab(index).unwrap().call(move |client| async move { client.user_session_exists(background).await }),
            ),
            Step::Cancel => {
                let mut calls = self.calls.borrow_mut();
                if !calls.is_empty() {
                    calls.remove(0).cancel();
                }
            }
            Step::Fail((method, path), fault, times) => self.world().fail(method, path, fault, times),
            Step::Offline(is_offline) => self.browser.set_offline(is_offline),
            Step::Pass(milliseconds) => pass_ms(milliseconds).await,
            // Browsers do not freeze a page with requests in progress.
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

    /// Follows the tab's navigation. Authress may have another session then.
    async fn follow_redirects(&self, tab: &Tab, choice: Choice, loads_callback: bool) {
        if tab.page().destination.borrow().is_none() || self.browser.is_offline.get() {
            return;
        }
        let Some(callback) = tab.try_callback_url(choice).await else { return };
        self.settled.replace(None);
        if self.world().site == Site::Same {
            let user = session_user(&self.browser).await;
            self.legitimate.borrow_mut().extend(user);
        }
        self.note_logins();
        if loads_callback {
            self.interrupt(tab);
            tab.load(&callback);
            self.handling_callback.borrow_mut().insert(tab.page().id);
        }
    }

    /// The page of `tab` ends next. Returns whether it is handling a callback: its session may be stored, and its result
    /// not announced.
    fn interrupt(&self, tab: &Tab) -> bool {
        let is_handling = self.handling_callback.borrow_mut().remove(&tab.page().id);
        if is_handling && let Some(claims) = stored(&self.browser) {
            self.legitimate.borrow_mut().insert(claims.subject().unwrap().to_owned());
        }
        is_handling
    }

    fn ask_for_token(&self, tab: &Tab, timeout_ms: u32) {
        let returned_tokens = self.returned_tokens.clone();
        self.started(tab.call(move |client| async move {
            let Ok(Some(token)) = client.ensure_token(timeout_ms).await else { return };
            let (identity, token) =
                (client.session().map(|session| session.identity), UnverifiedClaims::decode(token.expose()).unwrap());
            assert_eq!(
                identity.as_ref().and_then(UnverifiedClaims::subject),
                token.subject(),
                "a token of another user"
            );
            assert_eq!(token.client_id(), Some("app_shop"), "a token of another application");
            assert_eq!(token.issuer(), Some(&*client.settings().origin()), "a token of another issuer");
            returned_tokens.set(returned_tokens.get() + 1);
        }));
    }

    /// Notes the logins that have completed.
    fn note_logins(&self) {
        for page in self.browser.pages() {
            for (event, snapshot) in page.events.take() {
                self.world().assert_holds_no_secret(&format!("{event:?} {snapshot:?}"));
                let Event::LoginEnded(result) = event else { continue };
                self.handling_callback.borrow_mut().remove(&page.id);
                if (result.purpose, result.status) == (Purpose::Login, LoginStatus::SignedIn) {
                    self.settled.replace(None);
                    self.logins.update(|count| count + 1);
                    self.legitimate.borrow_mut().extend(result.user_id);
                }
            }
            for line in page.log_lines.take() {
                self.world().assert_holds_no_secret(&line);
            }
        }
    }

    /// Checks what holds at any time.
    fn check(&self) {
        self.note_logins();
        if let Some(claims) = stored(&self.browser) {
            let user = claims.subject().unwrap();
            // A session is stored an instant before its result is announced.
            let is_announced = self.legitimate.borrow().contains(user) || !self.handling_callback.borrow().is_empty();
            assert!(is_announced, "{user} is stored without a login");
        }
        let mut exchanges = BTreeSet::new();
        for request in self.world().served() {
            let is_exchange = request.path.ends_with("/tokens") && request.status == 200;
            assert!(!is_exchange || exchanges.insert(request.path.clone()), "a code was exchanged twice");
        }
        for tab in &self.tabs {
            let href = tab.page().href.borrow().clone();
            let is_new = tab.page().in_flight.get() == 0 && href.contains("code=");
            assert!(!is_new || tab.page().lifecycle.is_frozen() || href.contains("nonce="), "{href}");
        }
    }

    /// Checks what holds once all work is done.
    async fn check_at_rest(&mut self) {
        self.world().clear_faults();
        self.browser.set_offline(false);
        for tab in &self.tabs {
            tab.set_frozen(false);
            tab.set_visible(true);
        }
        pass_ms(2 * MINUTE_MS).await;
        self.check();
        for tab in &self.tabs {
            // The first call completes a login whose code exchange had no response, or reports its failure.
            let _ = tab.exists().value().await;
        }
        for tab in &self.tabs {
            tab.exists().value().await.unwrap();
        }
        pass_ms(MINUTE_MS).await;
        // Every result has been announced by now: a page that has not done so had none.
        self.note_logins();
        self.handling_callback.borrow_mut().clear();
        self.check();
        let live: BTreeSet<u64> = self.browser.pages().iter().map(|page| page.id).collect();
        for mut call in self.calls.take() {
            assert!(call.try_value().is_some() || !live.contains(&call.page), "a call does not settle");
        }
        let snapshots: BTreeSet<String> = self.tabs.iter().map(Tab::snapshot).collect();
        assert_eq!(snapshots.len(), 1, "tabs disagree");
        let user = self.tabs[0].user();
        let shown = user.clone().unwrap_or_else(|| "signed-out".to_owned());
        assert_eq!(snapshots.into_iter().next(), Some(shown));
        self.check_still_signed_in(user);
    }

    /// Checks that a signed-in user stays signed in, unless there was a logout or login, or the token has expired.
    fn check_still_signed_in(&self, user: Option<String>) {
        let now_s = i64::try_from(self.world().now_ms() / 1000).unwrap();
        let age_s = stored(&self.browser).and_then(|claims| Some(now_s - claims.issued_at()?)).unwrap_or(0);
        let may_be_over = self.world().site != Site::Same && age_s > DAY_S - 15;
        if let Some(before) = self.settled.replace(user.clone()) {
            assert!(may_be_over || user.as_ref() == Some(&before), "{before} is lost: {user:?}");
        }
    }
}

/// Runs a case.
async fn run_case(case: Case, totals: Rc<Totals>) {
    let mut model = Model::new(&case);
    for (index, step) in case.steps.iter().enumerate() {
        model.perform(*step).await;
        pass_ms(model.world().random() % 40).await;
        model.check();
        if index % 10 == 9 {
            model.check_at_rest().await;
        }
    }
    model.check_at_rest().await;
    totals.logins.update(|count| count + model.logins.get());
    totals.tokens.update(|count| count + model.returned_tokens.get());
    totals.renewals.update(|count| count + model.world().count("PATCH", "/api/session", 200));
}

/// The totals of all cases.
#[derive(Debug, Default)]
struct Totals {
    logins: Cell<usize>,
    tokens: Cell<u32>,
    renewals: Cell<usize>,
}

#[test]
fn in_any_order_no_session_is_lost_and_no_user_gets_the_token_of_another() {
    // The variable PROPTEST_CASES sets another number of cases.
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { Config::default().cases } else { CASES };
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let totals = Rc::new(Totals::default());
    let result = runner.run(&case(), |case| {
        run(run_case(case, totals.clone()));
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    let enough = totals.logins.get() > 50 && totals.tokens.get() > 10 && totals.renewals.get() > 5;
    assert!(enough, "the cases do too little: {totals:?}");
}
