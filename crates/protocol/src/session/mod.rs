//! The session in this browser: the tokens it came with, what is stored of it, and its renewal.

pub mod cookies;
pub mod record;
pub mod renewal;
pub mod stored;
pub mod tokens;

#[cfg(test)]
mod tests;
