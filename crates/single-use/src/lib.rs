//! Replay protection: ids that may be used only once, such as an OAuth `state` or the `jti` of a ticket.
//!
//! [`SingleUse`] is the interface, [`MemorySingleUse`] an implementation for one process in bounded memory.
//! Several processes need another implementation, with a shared store. Only [`MemorySingleUse`]'s implementation of
//! the trait reads a clock.

/// Tests the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod memory;

use std::fmt;
use std::future::Future;
use std::pin::Pin;

pub use memory::{MemorySingleUse, WhenFull};

/// Records the use of ids.
///
/// The future is boxed so that a program can choose the implementation at its start.
pub trait SingleUse: fmt::Debug + Send + Sync + 'static {
    /// Records that `id` is used. Of any number of concurrent calls with the same id exactly one returns
    /// [`Use::First`].
    fn spend<'a>(&'a self, id: &'a str) -> Pin<Box<dyn Future<Output = Use> + Send + 'a>>;

    /// Whether this process knows, without waiting, that `id` is used. It records nothing. `false`, the default, says
    /// nothing: only [`SingleUse::spend`] decides.
    fn is_known(&self, _id: &str) -> bool {
        false
    }
}

/// The result of [`SingleUse::spend`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// The id was not used before.
    First,
    /// The id was used before.
    Again,
    /// It is unknown, because the store is unreachable or full. Callers that protect something of value treat this like
    /// [`Use::Again`].
    Unknown,
}
