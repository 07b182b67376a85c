//! Work that several callers wait for and that is done once.

use js_sys::Promise;
use std::cell::RefCell;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, future_to_promise};

/// At most one run at a time; whoever asks meanwhile gets that run's result.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    running: RefCell<Option<Promise>>,
}

impl Shared {
    /// Joins the current run, or begins one. `run` must call [`Shared::done`] at its end.
    pub(crate) async fn join(
        &self,
        run: impl FnOnce() -> std::pin::Pin<Box<dyn Future<Output = Result<JsValue, JsValue>>>>,
    ) -> Result<JsValue, JsValue> {
        let running = self.running.borrow().clone();
        let promise = running.unwrap_or_else(|| {
            let promise = future_to_promise(run());
            *self.running.borrow_mut() = Some(promise.clone());
            promise
        });
        JsFuture::from(promise).await
    }

    /// The next caller begins a new run.
    pub(crate) fn done(&self) {
        *self.running.borrow_mut() = None;
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
