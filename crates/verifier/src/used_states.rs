//! The memory of used states: each `state` is answered once.
//!
//! `state` is Authress's id of a pending login. A second response for it, after a reload or a replay, would be a second
//! user id for one login. With a shared store the rule holds across instances.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use authress_single_use::{MemorySingleUse, SingleUse, Use, WhenFull};

use crate::shared_store::{SharedStore, WhenDown};

/// The number of states that one instance remembers: 5 MB when the memory is full.
pub const CAPACITY: usize = 400_000;

/// Creates a memory of used states for one instance.
///
/// When it is full, it forgets the older half early. Refusing every new shopper would do more harm, because Authress
/// itself accepts each `state` only once.
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
    kind: &'static str,
}

impl SharedStates {
    /// Creates a memory that remembers states for `lifetime`.
    pub fn new(lifetime: Duration, store: Arc<SharedStore>, when_down: WhenDown) -> Self {
        Self { local: local(lifetime), store, lifetime, when_down, kind: "state" }
    }

    /// Uses the memory for another kind of ids, with keys of its own in the store.
    #[must_use]
    pub(crate) fn with_kind(self, kind: &'static str) -> Self {
        Self { kind, ..self }
    }

    async fn spend_in_both(&self, id: &str) -> Use {
        let key = self.store.key(format_args!("{}:{id}", self.kind));
        match self.store.spend(key, self.lifetime).await {
            Ok(false) => {
                // From now on this instance knows it without the store.
                self.local.spend(id).await;
                Use::Again
            }
            // Before the local memory: a refused login must not count as used when the store is back.
            Err(_) if self.when_down == WhenDown::Refuse => Use::Unknown,
            Ok(true) | Err(_) => self.local.spend(id).await,
        }
    }
}

impl SingleUse for SharedStates {
    fn spend<'a>(&'a self, id: &'a str) -> Pin<Box<dyn Future<Output = Use> + Send + 'a>> {
        Box::pin(self.spend_in_both(id))
    }

    fn is_known(&self, id: &str) -> bool {
        self.local.is_known(id)
    }
}
