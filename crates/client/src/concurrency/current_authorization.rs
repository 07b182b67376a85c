//! The login or link that began last, so that a second call for the same one shares it: a double click sends one
//! request.

use crate::open_type::OpenType;
use authress_login_protocol::{
    authorization::request::{AuthenticateOptions, AuthenticationResponse, LinkOptions},
    error::Error,
    page::Page,
};
use futures_util::future::{FutureExt, LocalBoxFuture, Shared, WeakShared};

/// How long after the navigation a repeated call still counts as the same one, in milliseconds: the page is visible
/// until the next one has loaded.
const NAVIGATION_MS: i64 = 2_000;

/// The options of a login or a link.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum AuthorizationOptions {
    Login(AuthenticateOptions),
    Link(LinkOptions),
}

/// A call of `authenticate` or `linkIdentity`. Two equal calls are one login or link.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AuthorizationCall {
    pub(crate) options: AuthorizationOptions,
    pub(crate) open: OpenType,
    pub(crate) page: Page,
}

/// The result of a call: the response, or `None` if the page navigates and the caller gets none.
pub(crate) type AuthorizationResult = Result<Option<AuthenticationResponse>, Error>;

/// A login or link in progress, shared by all callers.
pub(crate) type Run = Shared<LocalBoxFuture<'static, AuthorizationResult>>;

/// The same without keeping it alive: it ends earlier if all callers cancel.
pub(crate) type WeakRun = WeakShared<LocalBoxFuture<'static, AuthorizationResult>>;

/// The login or link that began last.
#[derive(Debug)]
pub(crate) struct CurrentAuthorization {
    call: AuthorizationCall,
    /// `None` once it has completed.
    run: Option<WeakRun>,
    navigation: Option<Navigation>,
}

/// The navigation to the login.
#[derive(Debug)]
struct Navigation {
    /// In milliseconds since 1970 by the device's clock.
    at_ms: i64,
    /// What the callers got.
    response: Option<AuthenticationResponse>,
}

/// How a repeated call continues.
#[derive(Debug)]
pub(crate) enum Repeated {
    /// The login or link is in progress.
    Running(Run),
    /// The page is navigating; the callers got this response.
    Navigating(Option<AuthenticationResponse>),
}

impl CurrentAuthorization {
    /// Starts `work` for a call.
    pub(crate) fn start(call: AuthorizationCall, work: LocalBoxFuture<'static, AuthorizationResult>) -> (Self, Run) {
        let run = work.shared();
        (Self { call, run: run.downgrade(), navigation: None }, run)
    }

    /// Returns how `call` continues if it repeats this one. `now_ms` is the time by the device's clock.
    pub(crate) fn repeated(&self, call: &AuthorizationCall, now_ms: i64) -> Option<Repeated> {
        if self.call != *call {
            return None;
        }
        let is_navigating =
            |navigation: &&Navigation| (0..NAVIGATION_MS).contains(&now_ms.saturating_sub(navigation.at_ms));
        match self.navigation.as_ref().filter(is_navigating) {
            Some(navigation) => Some(Repeated::Navigating(navigation.response.clone())),
            None => self.run.as_ref().and_then(WeakShared::upgrade).map(Repeated::Running),
        }
    }

    /// Notes that the page navigates, and what the callers get.
    pub(crate) fn note_navigation(&mut self, at_ms: i64, response: Option<AuthenticationResponse>) {
        self.navigation = Some(Navigation { at_ms, response });
    }

    /// Whether the page has navigated.
    pub(crate) fn has_navigated(&self) -> bool {
        self.navigation.is_some()
    }
}
