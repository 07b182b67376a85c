//! Work that several callers wait for and that is done once.

use crate::{changes::Changes, ports::Ports};
use authress_login_protocol::error::Error;
use futures_util::future::LocalBoxFuture;
use std::{
    cell::RefCell,
    fmt,
    rc::{Rc, Weak},
};

/// At most one run at a time; whoever asks meanwhile gets that run's result.
#[derive(Default)]
pub(crate) struct Flight(RefCell<Weak<Run>>);

/// One run, as long as somebody waits for it or it goes on.
#[derive(Default)]
struct Run {
    result: RefCell<Option<Result<bool, Error>>>,
    changes: Changes,
}

impl Flight {
    /// Joins the current run, or begins one. A run goes on even if all who wait for it give up.
    pub(crate) fn join(
        &self,
        ports: &impl Ports,
        work: LocalBoxFuture<'static, Result<bool, Error>>,
    ) -> LocalBoxFuture<'static, Result<bool, Error>> {
        let current = self.0.borrow().upgrade().filter(|run| run.result.borrow().is_none());
        let run = current.unwrap_or_else(|| {
            let run = Rc::new(Run::default());
            *self.0.borrow_mut() = Rc::downgrade(&run);
            let begun = run.clone();
            ports.spawn(async move {
                let result = work.await;
                *begun.result.borrow_mut() = Some(result);
                begun.changes.announce();
            });
            run
        });
        Box::pin(async move {
            loop {
                let change = run.changes.next();
                let result = run.result.borrow().clone();
                match result {
                    Some(result) => return result,
                    None => change.await,
                }
            }
        })
    }
}

impl fmt::Debug for Flight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.borrow().strong_count() > 0 { "running" } else { "idle" })
    }
}
