//! The shop's data of a user.

use std::fmt;

use futures_util::future::BoxFuture;

use crate::unavailable::Unavailable;

/// What a shop stores for its users: carts, wish lists, addresses.
///
/// Futures are boxed so that a program can choose the implementation at its start.
pub trait OwnedData: fmt::Debug + Send + Sync {
    /// Moves everything of `from` to `to`.
    ///
    /// It must be atomic and idempotent: at each point in time the data are either `from`'s or `to`'s, and a second call
    /// finds nothing to move. It may run twice at the same time.
    ///
    /// # Errors
    /// [`Unavailable`]: it is unknown whether the data were moved, and the call may be repeated.
    fn move_all<'a>(&'a self, from: &'a str, to: &'a str) -> BoxFuture<'a, Result<Moved, Unavailable>>;
}

/// What was moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// The number of things, such as the lines of a cart. 0 if they were moved before.
    pub things: usize,
}
