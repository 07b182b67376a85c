//! Work that several callers wait for and that is done once.

use crate::error::{Failure, promise, wait};
use authress_login_protocol::error::Error;
use js_sys::Promise;
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::JsValue;

/// At most one run at a time; whoever asks meanwhile gets that run's result.
#[derive(Debug, Default, Clone)]
pub(crate) struct Shared {
    running: Rc<RefCell<Option<Promise>>>,
}

impl Shared {
    /// Joins the current run, or begins one.
    pub(crate) async fn join<R>(&self, run: impl FnOnce() -> R) -> Result<bool, Failure>
    where
        R: Future<Output = Result<bool, Error>> + 'static,
    {
        let current = self.running.borrow().clone();
        let current = current.unwrap_or_else(|| {
            let (run, running) = (run(), self.running.clone());
            let promise = promise(async move {
                let result = run.await;
                *running.borrow_mut() = None;
                Ok(result?.into())
            });
            *self.running.borrow_mut() = Some(promise.clone());
            promise
        });
        Ok(wait(current).await?.is_truthy())
    }
}

/// A promise that the client keeps when there is a session.
#[derive(Debug)]
pub(crate) struct SessionSignal {
    promise: RefCell<Promise>,
    resolve: RefCell<Option<js_sys::Function>>,
}

impl SessionSignal {
    pub(crate) fn new() -> Self {
        let (promise, resolve) = open();
        Self { promise: RefCell::new(promise), resolve: RefCell::new(resolve) }
    }

    /// Kept with `true` once there is a session.
    pub(crate) fn promise(&self) -> Promise {
        self.promise.borrow().clone()
    }

    /// There is a session.
    pub(crate) fn raise(&self) {
        if let Some(resolve) = self.resolve.borrow_mut().take() {
            let _ = resolve.call1(&JsValue::UNDEFINED, &JsValue::TRUE);
        }
    }

    /// There is none any more. Those who still wait go on waiting for the next one.
    pub(crate) fn lower(&self) {
        if self.resolve.borrow().is_none() {
            let (promise, resolve) = open();
            *self.promise.borrow_mut() = promise;
            *self.resolve.borrow_mut() = resolve;
        }
    }
}

fn open() -> (Promise, Option<js_sys::Function>) {
    // Not a default `Function` to begin with: making one evaluates a string, which pages may forbid.
    let mut resolver = None;
    let promise = Promise::new(&mut |resolve, _| resolver = Some(resolve));
    (promise, resolver)
}
