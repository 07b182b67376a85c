//! The state of one client, which all flows share, and the basic questions about it.

use crate::{
    concurrency::{
        current_authorization::{CurrentAuthorization, WeakRun},
        locks::SessionLock,
        notifier::ChangeNotifier,
        single_flight::SingleFlight,
    },
    ports::Ports,
};
use authress_login_protocol::{
    callback::login_result::LoginResult,
    clock::ClockReading,
    error::Error,
    settings::Settings,
    state::{Event, State},
};
use futures_util::future::LocalBoxFuture;
use std::cell::{Cell, RefCell};

/// The behaviour of a client that is not part of its [`Settings`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Whether the `user` cookie stays after it was read.
    pub retain_user_cookie: bool,
}

/// The state of a client.
#[derive(Debug)]
pub(crate) struct Context<P: Ports> {
    pub(crate) ports: P,
    pub(crate) settings: Settings,
    pub(crate) options: Options,
    /// Notifies tasks of changes of the session.
    pub(crate) notifier: ChangeNotifier,
    /// The state of the last event.
    pub(crate) state: RefCell<State>,
    /// Whether cookies reach Authress, once Authress has said so.
    pub(crate) enable_credentials: Cell<Option<bool>>,
    /// The known skew of the device's clock, in milliseconds; see [`ClockReading::skew_ms`].
    pub(crate) skew_ms: Cell<i64>,
    /// The result of the last login or link.
    pub(crate) login_result: RefCell<Option<LoginResult>>,
    pub(crate) current_authorization: RefCell<Option<CurrentAuthorization>>,
    /// Whether Authress has denied that it has a session for this browser.
    pub(crate) has_no_remote_session: Cell<bool>,
    /// Whether Authress's session is of a user that this page has refused. It is not asked again.
    pub(crate) has_refused_session: Cell<bool>,
    /// Counts logins and logouts; part of the session version.
    pub(crate) session_counter: Cell<u32>,
    /// Whether a wait for another tab that seemed to write the session has timed out.
    pub(crate) has_write_timed_out: Cell<bool>,
    pub(crate) local_check: SingleFlight,
    pub(crate) renewal: SingleFlight,
    /// The login for an anonymous user id in progress; it ends if all callers cancel.
    pub(crate) anonymous_login: RefCell<Option<WeakRun>>,
}

impl<P: Ports> Context<P> {
    pub(crate) fn new(settings: Settings, options: Options, ports: P) -> Self {
        Self {
            ports,
            settings,
            options,
            notifier: ChangeNotifier::default(),
            state: RefCell::default(),
            enable_credentials: Cell::new(None),
            skew_ms: Cell::new(0),
            login_result: RefCell::default(),
            current_authorization: RefCell::default(),
            has_no_remote_session: Cell::new(false),
            has_refused_session: Cell::new(false),
            session_counter: Cell::new(0),
            has_write_timed_out: Cell::new(false),
            local_check: SingleFlight::default(),
            renewal: SingleFlight::default(),
            anonymous_login: RefCell::default(),
        }
    }

    /// Returns the clock reading with the known skew.
    pub(crate) fn now(&self) -> ClockReading {
        ClockReading { device_ms: self.ports.now_ms(), skew_ms: self.skew_ms.get() }
    }

    /// Whether requests carry cookies: as Authress has said, otherwise as the address of the page suggests.
    pub(crate) fn sends_credentials(&self) -> Result<bool, Error> {
        let page = self.ports.page()?;
        let is_allowed = self.enable_credentials.get().unwrap_or_else(|| page.allows_credentials(&self.settings));
        Ok(is_allowed && !page.is_localhost())
    }

    /// Whether Authress may have a session for this browser.
    pub(crate) fn may_have_remote_session(&self) -> bool {
        !self.has_no_remote_session.get() && self.sends_credentials().unwrap_or(false)
    }

    /// Invalidates the responses to all requests that are in progress: the session they are about has ended.
    pub(crate) fn advance_session_version(&self) {
        self.session_counter.set(self.session_counter.get().wrapping_add(1));
    }

    /// Emits an event to the listeners of this tab.
    pub(crate) fn emit(&self, event: &Event) {
        let state = self.state.borrow().clone();
        self.ports.emit(event, &state);
    }

    /// Acquires a lock, which is held until the result is dropped. Returns `None` after its waiting time, or if the
    /// browser has no locks; the caller then continues without it.
    pub(crate) fn acquire(&self, lock: SessionLock) -> LocalBoxFuture<'_, Option<P::Lock>> {
        Box::pin(async move {
            let name = [&self.settings.origin(), self.settings.application_id(), &lock.purpose].join(" ");
            self.ports.lock(&name, lock.wait_ms).await
        })
    }
}
