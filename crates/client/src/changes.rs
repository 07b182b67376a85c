//! Waiting until something has changed.

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    task::{Poll, Waker},
};

/// Wakes whoever waits for the next change.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    count: Cell<u32>,
    waiting: RefCell<Vec<Waker>>,
}

impl Changes {
    /// Something has changed.
    pub(crate) fn announce(&self) {
        self.count.set(self.count.get().wrapping_add(1));
        let waiting = std::mem::take(&mut *self.waiting.borrow_mut());
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Waits for the next change after this call.
    pub(crate) fn next(&self) -> impl Future<Output = ()> + '_ {
        let seen = self.count.get();
        poll_fn(move |context| {
            if self.count.get() != seen {
                return Poll::Ready(());
            }
            let mut waiting = self.waiting.borrow_mut();
            if !waiting.iter().any(|waker| waker.will_wake(context.waker())) {
                waiting.push(context.waker().clone());
            }
            Poll::Pending
        })
    }
}
