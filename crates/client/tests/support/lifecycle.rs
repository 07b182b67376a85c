//! The lifecycle of a page: its script runs, is frozen, or ends with the page.

use futures_util::future::LocalBoxFuture;
use std::{
    cell::{Cell, RefCell},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

#[derive(Debug, Default)]
pub(crate) struct Lifecycle {
    is_frozen: Cell<bool>,
    is_gone: Cell<bool>,
    waiting: RefCell<Vec<Waker>>,
}

impl Lifecycle {
    pub(crate) fn set_frozen(&self, is_frozen: bool) {
        self.is_frozen.set(is_frozen);
        self.wake();
    }

    pub(crate) fn is_frozen(&self) -> bool {
        self.is_frozen.get()
    }

    pub(crate) fn end(&self) {
        self.is_gone.set(true);
        self.wake();
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.is_gone.get()
    }

    fn wake(&self) {
        let waiting = std::mem::take(&mut *self.waiting.borrow_mut());
        waiting.into_iter().for_each(Waker::wake);
    }
}

/// A task of a page's script.
pub(crate) struct Script {
    lifecycle: Rc<Lifecycle>,
    work: Rc<RefCell<Option<LocalBoxFuture<'static, ()>>>>,
}

/// Cancels its task.
pub(crate) struct CancelHandle(Rc<RefCell<Option<LocalBoxFuture<'static, ()>>>>);

impl Script {
    pub(crate) fn new(lifecycle: Rc<Lifecycle>, work: LocalBoxFuture<'static, ()>) -> (Self, CancelHandle) {
        let work = Rc::new(RefCell::new(Some(work)));
        (Self { lifecycle, work: work.clone() }, CancelHandle(work))
    }
}

impl CancelHandle {
    pub(crate) fn cancel(&self) {
        let work = self.0.borrow_mut().take();
        drop(work);
    }
}

impl Future for Script {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.lifecycle.is_gone() {
            let work = self.work.borrow_mut().take();
            drop(work);
            return Poll::Ready(());
        }
        {
            let mut waiting = self.lifecycle.waiting.borrow_mut();
            if !waiting.iter().any(|waker| waker.will_wake(context.waker())) {
                waiting.push(context.waker().clone());
            }
        }
        if self.lifecycle.is_frozen() {
            return Poll::Pending;
        }
        let mut work = self.work.borrow_mut();
        match work.as_mut().map(|work| work.as_mut().poll(context)) {
            Some(Poll::Pending) => Poll::Pending,
            Some(Poll::Ready(())) | None => {
                *work = None;
                Poll::Ready(())
            }
        }
    }
}
