//! Locks that tabs share.

use super::{Host, request::Abort};

/// A lock that is held until dropped.
#[derive(Debug)]
pub struct Lock {
    _held: Abort,
}

/// Waits for the lock; `None` where the browser has no locks or refuses them.
pub async fn acquire(host: &Host, name: &str) -> Option<Lock> {
    // Dropped at any time, also while it waits, it gives the lock up.
    let abort = Abort::new().ok()?;
    let is_held = host.lock(name, &abort.signal()).await.ok()?.is_truthy();
    is_held.then_some(Lock { _held: abort })
}
