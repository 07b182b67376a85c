//! Things that may be used only once: an OAuth `state`, a signed ticket's `jti`.
//!
//! [`SingleUse`] is the question, [`MemorySingleUse`] the answer of one process in bounded memory.
//! Several processes that must agree need another implementation, over a store they share. Nothing
//! here reads a clock but [`MemorySingleUse`]'s implementation of the trait.

mod memory;

use std::fmt;
use std::future::Future;
use std::pin::Pin;

pub use memory::{MemorySingleUse, WhenFull};

/// Says of each id once that it is the first time.
///
/// The future is boxed so that an implementation can be chosen when the program starts.
pub trait SingleUse: fmt::Debug + Send + Sync + 'static {
    /// Uses `id` up. Of any number of concurrent calls with the same id exactly one gets
    /// [`Use::First`].
    fn spend<'a>(&'a self, id: &'a str) -> Pin<Box<dyn Future<Output = Use> + Send + 'a>>;
}

/// What became of an attempt to use something up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// It was unused, and is used now.
    First,
    /// It was used before.
    Again,
    /// It cannot be known: the store is out of reach or full. Whoever asks decides what that means;
    /// for anything that is worth something the safe answer is the one to [`Use::Again`].
    Unknown,
}
