//! The trait at the edge of the client: everything it needs from the platform.

use authress_login_protocol::{
    error::Error,
    http::{Outcome, Request},
    page::Page,
    session::cookies::Cookies,
    state::{Event, State},
    web_url::WebUrl,
};

/// The platform: the page, its storage and cookies, the network, clock and randomness, other tabs, and the application.
///
/// An implementation decides nothing. Futures that are dropped cancel their work.
pub trait Ports: Sized + 'static {
    /// A lock that is held until it is dropped; see [`Ports::lock`].
    type Lock;

    /// Returns the page.
    fn page(&self) -> Result<Page, Error>;
    /// Replaces the address of the current history entry. The entry's state stays.
    fn show_address(&self, href: &str);
    /// Navigates to another page.
    fn navigate(&self, href: &str) -> Result<(), Error>;
    /// Opens another tab without access to this one. Returns `false` if the browser does not open it.
    fn open_tab(&self, href: &str) -> bool;
    /// Whether the page is visible.
    fn is_visible(&self) -> bool;
    /// Waits until a prerendered page is activated. Other pages do not wait.
    fn activation(&self) -> impl Future<Output = ()>;

    /// Returns the cookies that script can read, none where cookies are blocked.
    fn cookies(&self) -> Cookies;
    /// Assigns to `document.cookie`.
    fn assign_cookie(&self, assignment: &str);

    /// Returns the value of a key in the storage of the origin, which all tabs share.
    fn load(&self, key: &str) -> Option<String>;
    /// Stores a value. Returns `false` if it does not outlive the page.
    fn store(&self, key: &str, value: &str) -> bool;
    /// Removes a key.
    fn remove(&self, key: &str);
    /// Returns the keys with this prefix.
    fn keys(&self, prefix: &str) -> Vec<String>;
    /// Whether a value that is stored now would exist after a redirect.
    fn is_durable(&self) -> bool;

    /// Returns the value of a key in the storage of this tab, which outlives its pages.
    fn load_in_tab(&self, key: &str) -> Option<String>;
    /// Stores a value for this tab, or for this page where the browser refuses.
    fn store_in_tab(&self, key: &str, value: &str);
    /// Removes a key from the storage of this tab.
    fn remove_in_tab(&self, key: &str);

    /// Returns the time in milliseconds since 1970 by the device's clock, which may be skewed.
    fn now_ms(&self) -> i64;
    /// Returns the time in milliseconds since 1970 by the server of the page, if it can be asked. It is asked at most
    /// once per page, by all clients together.
    fn server_now_ms(&self) -> impl Future<Output = Option<i64>>;
    /// Waits this many milliseconds.
    fn sleep(&self, milliseconds: u32) -> impl Future<Output = ()>;
    /// Yields to the event loop, so that the page stays responsive during long work.
    fn yield_to_event_loop(&self) -> impl Future<Output = ()>;
    /// Fills `bytes` from a cryptographic source of randomness.
    fn fill_random(&self, bytes: &mut [u8]) -> Result<(), Error>;

    /// Sends a request to the API at `origin`, once.
    fn send(&self, origin: &str, request: &Request) -> impl Future<Output = Outcome>;

    /// Requests `url` with cookies and follows its redirects, as a navigation would. What it ends with cannot be read, not
    /// even whether it is an error page.
    fn follow(&self, url: &WebUrl) -> impl Future<Output = Result<(), Error>>;

    /// Waits at most `wait_ms` milliseconds for an exclusive lock that all tabs of the origin share. Returns `None`
    /// after that time, or if the browser has no locks.
    fn lock(&self, name: &str, wait_ms: u32) -> impl Future<Output = Option<Self::Lock>>;
    /// Sends a message to the same client in other tabs.
    fn broadcast(&self, message: &str);

    /// Runs `task` to its end, even if no one waits for it.
    fn spawn(&self, task: impl Future<Output = ()> + 'static);

    /// Emits an event to the application's listeners, with the state after it.
    fn emit(&self, event: &Event, state: &State);
    /// Logs something that is no error.
    fn log(&self, title: &str);
    /// Logs an error. `title` says what failed.
    fn warn(&self, title: &str, error: &Error);
}
