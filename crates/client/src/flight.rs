//! Work that several callers wait for and that is done once.

use crate::ports::Ports;
use authress_login_protocol::error::Error;
use futures_util::{
    FutureExt,
    future::{LocalBoxFuture, Shared},
};
use std::{cell::RefCell, fmt, rc::Rc};

pub(crate) type Run = Shared<LocalBoxFuture<'static, Result<bool, Error>>>;

/// At most one run at a time; whoever asks meanwhile gets that run's result.
#[derive(Default, Clone)]
pub(crate) struct Flight(Rc<RefCell<Option<Run>>>);

impl Flight {
    /// Joins the current run, or begins one. A run goes on even if all who wait for it give up.
    pub(crate) fn join(&self, ports: &impl Ports, run: LocalBoxFuture<'static, Result<bool, Error>>) -> Run {
        if let Some(current) = &*self.0.borrow() {
            return current.clone();
        }
        let slot = self.0.clone();
        let run = async move {
            let result = run.await;
            *slot.borrow_mut() = None;
            result
        };
        let run = run.boxed_local().shared();
        *self.0.borrow_mut() = Some(run.clone());
        ports.spawn(run.clone().map(drop));
        run
    }
}

impl fmt::Debug for Flight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.borrow().is_some() { "running" } else { "idle" })
    }
}
