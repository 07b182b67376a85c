//! Handling a callback: the decision what to do about it, the code exchange, and the result for the application.
//!
//! Reading and cleaning the address is in [`crate::callback_url`].

pub mod callback_error;
pub mod decision;
pub mod exchange;
pub mod generation;
pub mod login_result;
pub mod unfinished;

#[cfg(test)]
mod tests;
