//! Single flight: concurrent calls for the same work share one run.

use super::notifier::ChangeNotifier;
use crate::ports::Ports;
use authress_login_protocol::error::Error;
use futures_util::future::LocalBoxFuture;
use std::{
    cell::RefCell,
    fmt,
    rc::{Rc, Weak},
};

/// At most one run at a time. A call during a run gets the result of that run.
#[derive(Default)]
pub(crate) struct SingleFlight(RefCell<Weak<Run>>);

/// A run. It exists while it is running or a caller waits for it.
#[derive(Default)]
struct Run {
    result: RefCell<Option<Result<bool, Error>>>,
    notifier: ChangeNotifier,
}

impl SingleFlight {
    /// Joins the current run, or starts one with `work`. A run goes on even if all callers cancel.
    pub(crate) fn join(
        &self,
        ports: &impl Ports,
        work: LocalBoxFuture<'static, Result<bool, Error>>,
    ) -> LocalBoxFuture<'static, Result<bool, Error>> {
        let current = self.0.borrow().upgrade().filter(|run| run.result.borrow().is_none());
        let run = current.unwrap_or_else(|| {
            let run = Rc::new(Run::default());
            *self.0.borrow_mut() = Rc::downgrade(&run);
            let started = run.clone();
            ports.spawn(async move {
                let result = work.await;
                *started.result.borrow_mut() = Some(result);
                started.notifier.notify();
            });
            run
        });
        Box::pin(async move {
            loop {
                let change = run.notifier.next();
                let result = run.result.borrow().clone();
                match result {
                    Some(result) => return result,
                    None => change.await,
                }
            }
        })
    }
}

impl fmt::Debug for SingleFlight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.borrow().strong_count() > 0 { "running" } else { "idle" })
    }
}
