//! Whether a request is repeated, and when.

mod attempts;
mod decision;
mod retry_after;

pub(crate) use attempts::{Attempts, Deadline};
pub use decision::RetryPolicy;
pub(crate) use decision::{Failure, Repeat};
pub(crate) use retry_after::retry_after;
