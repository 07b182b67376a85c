//! Futures as promises.
//!
//! Every future is boxed first, so that the machinery of promises is in the module once and not once per future.

use crate::error::Rejection;
use futures_util::future::{Either, LocalBoxFuture, select};
use js_sys::Promise;
use std::pin::pin;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, future_to_promise};

/// The future of a method.
pub(crate) type MethodFuture = LocalBoxFuture<'static, Result<JsValue, Rejection>>;

/// The promise of a method. Once `cancelled` is fulfilled the method's future is dropped: it does nothing more.
pub(crate) fn of_method(cancelled: Promise, method: MethodFuture) -> Promise {
    of(Box::pin(async move {
        match select(method, pin!(JsFuture::from(cancelled))).await {
            Either::Left((result, _)) => result.map_err(|rejection| rejection.0),
            // The caller has its rejection already.
            Either::Right(_) => Err(JsValue::UNDEFINED),
        }
    }))
}

/// The promise of a future, which runs to its end whether or not the promise is used.
pub(crate) fn of(future: LocalBoxFuture<'static, Result<JsValue, JsValue>>) -> Promise {
    future_to_promise(future)
}
