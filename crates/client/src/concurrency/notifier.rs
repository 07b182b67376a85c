//! A change notifier: tasks wait for the next change.

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    task::{Poll, Waker},
};

/// Wakes the tasks that wait for a change.
#[derive(Debug, Default)]
pub(crate) struct ChangeNotifier {
    changes: Cell<u32>,
    waiting: RefCell<Vec<Waker>>,
}

impl ChangeNotifier {
    /// Wakes all waiting tasks.
    pub(crate) fn notify(&self) {
        self.changes.set(self.changes.get().wrapping_add(1));
        let waiting = std::mem::take(&mut *self.waiting.borrow_mut());
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Waits for the next change after this call. Call it before checking a condition, so that no change is missed.
    pub(crate) fn next(&self) -> impl Future<Output = ()> + '_ {
        let before = self.changes.get();
        poll_fn(move |context| {
            if self.changes.get() != before {
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
