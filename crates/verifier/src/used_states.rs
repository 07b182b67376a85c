//! Each `state` gets one answer.
//!
//! `state` is Authress's id of a pending login. A second answer for it would be a second user id for
//! one login: somebody reloads, or plays an address again. With a shared store it holds for all
//! instances.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use authress_single_use::{MemorySingleUse, SingleUse, Use, WhenFull};

use crate::shared_store::{SharedStore, WhenDown};

/// How many states one instance remembers at most: 5 MB when it is full.
pub const CAPACITY: usize = 400_000;

/// A memory of used states for one instance.
///
/// When it is full, the older half is forgotten early: refusing every new shopper would be the
/// greater harm, since Authress itself takes each `state` only once.
pub fn local(lifetime: Duration) -> MemorySingleUse {
    MemorySingleUse::new(lifetime, CAPACITY, WhenFull::ForgetOldest)
}

/// A memory of used states that all instances with one Redis share.
#[derive(Debug)]
pub struct SharedStates {
    local: MemorySingleUse,
    store: Arc<SharedStore>,
    lifetime: Duration,
    when_down: WhenDown,
    what: &'static str,
}

impl SharedStates {
    /// States are remembered for `lifetime`.
    pub fn new(lifetime: Duration, store: Arc<SharedStore>, when_down: WhenDown) -> Self {
        Self { local: local(lifetime), store, lifetime, when_down, what: "state" }
    }

    /// The same for other things than states, which have names of their own in the store.
    #[must_use]
    pub(crate) fn of(self, what: &'static str) -> Self {
        Self { what, ..self }
    }

    async fn spend_in_both(&self, id: &str) -> Use {
        let key = self.store.key(format_args!("{}:{id}", self.what));
        match self.store.spend(key, self.lifetime).await {
            Ok(false) => Use::Again,
            // Not before the store has been asked: a login that gets no answer must not count as used when it is back.
            Err(_) if self.when_down == WhenDown::Refuse => Use::Unknown,
            Ok(true) | Err(_) => self.local.spend(id).await,
        }
    }
}

impl SingleUse for SharedStates {
    fn spend<'a>(&'a self, id: &'a str) -> Pin<Box<dyn Future<Output = Use> + Send + 'a>> {
        Box::pin(self.spend_in_both(id))
    }
}
