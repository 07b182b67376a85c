//! The state as the handlers share it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::state::State;

/// The sandbox's state behind one lock.
#[derive(Debug, Clone)]
pub(crate) struct SharedState(Arc<Mutex<State>>);

impl SharedState {
    pub(crate) fn new(state: State) -> Self {
        Self(Arc::new(Mutex::new(state)))
    }

    /// Also locks after a panic: one failed request must not end the sandbox for all others.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
