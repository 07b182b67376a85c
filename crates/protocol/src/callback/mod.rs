//! The callback: what the address that the browser returned to means, and the exchange of a code.

pub mod decision;
pub mod exchange;
pub mod login_result;
pub mod unfinished;

#[cfg(test)]
mod tests;
