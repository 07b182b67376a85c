//! What the client needs of the place where it runs.

use authress_login_protocol::{
    error::Error,
    http::{Outcome, Request},
    page::Page,
    session::cookies::Cookies,
    state::{Event, Snapshot},
};

/// The page, its storage and cookies, the network, time and chance. A port carries out; it decides
/// nothing.
pub trait Ports: Sized + 'static {
    /// Held as long as no other tab may enter; see [`Ports::lock`].
    type Lock;

    /// The page's address.
    fn page(&self) -> Result<Page, Error>;
    /// Shows another address for the current history entry and keeps the entry's state.
    fn show_address(&self, href: &str);
    /// Leaves the page.
    fn navigate(&self, href: &str) -> Result<(), Error>;
    /// Opens another tab that cannot reach back; `false` if that is not allowed.
    fn open_tab(&self, href: &str) -> bool;
    /// Whether the shopper sees the page.
    fn is_visible(&self) -> bool;
    /// Waits until the page is no longer only being prepared (prerendered) for a shopper who may
    /// never come.
    fn activation(&self) -> impl Future<Output = ()>;

    /// The cookies that script may read; none where cookies are refused.
    fn cookies(&self) -> Cookies;
    /// Carries out one assignment to `document.cookie`.
    fn assign_cookie(&self, assignment: &str);

    /// The value of a key in the storage that all tabs share.
    fn load(&self, key: &str) -> Option<String>;
    /// Stores a value; `false` if it will not outlive the page.
    fn store(&self, key: &str, value: &str) -> bool;
    /// Removes a key.
    fn remove(&self, key: &str);
    /// The keys that begin with `prefix`.
    fn keys(&self, prefix: &str) -> Vec<String>;
    /// Whether a value stored now would be there after a redirect.
    fn is_durable(&self) -> bool;

    /// The value of a key in the storage of this tab, which outlives its pages.
    fn load_in_tab(&self, key: &str) -> Option<String>;
    /// Stores a value for this tab, or for this page where the browser refuses.
    fn store_in_tab(&self, key: &str, value: &str);
    /// Removes a key from the storage of this tab.
    fn remove_in_tab(&self, key: &str);

    /// Milliseconds since 1970 by the device's clock, which may be wrong.
    fn now_ms(&self) -> i64;
    /// Milliseconds since 1970 by the server that the page came from, if it says so. It is asked at most once
    /// per page, whichever client asks.
    fn server_now_ms(&self) -> impl Future<Output = Option<i64>>;
    /// Waits this many milliseconds.
    fn sleep(&self, milliseconds: u32) -> impl Future<Output = ()>;
    /// Lets the page do what has come up meanwhile: a press must not wait for long work, such as an anti-abuse search.
    fn pause(&self) -> impl Future<Output = ()>;
    /// Fills `bytes` with unguessable ones.
    fn fill_random(&self, bytes: &mut [u8]) -> Result<(), Error>;

    /// Sends a request to the API at `origin`, once. Dropping the future gives it up.
    fn send(&self, origin: &str, request: &Request) -> impl Future<Output = Outcome>;

    /// Waits this many milliseconds at most for a lock of which one tab has one at a time; `None` where
    /// there are no locks. Dropping the future gives the place in the queue up.
    fn lock(&self, name: &str, wait_ms: u32) -> impl Future<Output = Option<Self::Lock>>;
    /// Sends a message to the same client in other tabs.
    fn tell_tabs(&self, message: &str);

    /// Carries on with `task` whether or not somebody waits for it.
    fn spawn(&self, task: impl Future<Output = ()> + 'static);

    /// Tells the application what has happened, and how things are now.
    fn emit(&self, event: &Event, snapshot: &Snapshot);
    /// Tells developers what happened in the normal course of things.
    fn log(&self, title: &str);
    /// Tells developers what went wrong.
    fn warn(&self, title: &str, error: &Error);
}
