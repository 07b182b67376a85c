//! Redis for this project's servers: the address, the kinds of failure, and a connection that is made again after a
//! failure.
//!
//! The verifier has a connection of its own, with a circuit breaker, because a login must not wait for Redis. [`Store`]
//! is for programs that cannot go on without it.

mod compare_and_set;
mod failure;
mod store;
#[cfg(all(unix, feature = "test-server"))]
pub mod test_server;
mod url;

pub use compare_and_set::Change;
pub use failure::StoreFailure;
pub use redis;
pub use store::Store;
pub use url::{InvalidStoreUrl, StoreUrl};
