//! Locks that tabs share, for a limited time of waiting: a tab that is frozen or killed while it
//! holds one must not stop the others.

use crate::{client::Inner, ports::Ports};
use futures_util::future::LocalBoxFuture;

/// One tab renews at a time. How long the others wait for it: longer than a renewal takes.
pub(crate) const RENEWAL: (&str, u32) = ("renewal", 5_000);
/// One tab writes a session at a time; writing takes no time at all.
pub(crate) const WRITE: (&str, u32) = ("write", 500);
/// How long a second copy of the package on a page waits for the first one to handle a callback, in milliseconds.
const CALLBACK_WAIT_MS: u32 = 10_000;

impl<P: Ports> Inner<P> {
    /// Holds the lock until the result is dropped. After the time is up, or where there are no
    /// locks, the caller goes on without.
    pub(crate) fn hold(&self, (purpose, wait_ms): (&'static str, u32)) -> LocalBoxFuture<'_, Option<P::Lock>> {
        self.hold_named(purpose.to_owned(), wait_ms)
    }

    /// The same while the callback of one authentication request is handled.
    pub(crate) fn hold_callback(&self, nonce: &str) -> LocalBoxFuture<'_, Option<P::Lock>> {
        self.hold_named(format!("callback {nonce}"), CALLBACK_WAIT_MS)
    }

    fn hold_named(&self, purpose: String, wait_ms: u32) -> LocalBoxFuture<'_, Option<P::Lock>> {
        Box::pin(async move {
            let name = format!("{} {} {purpose}", self.settings.origin(), self.settings.application_id());
            self.ports.lock(&name, wait_ms).await
        })
    }
}
