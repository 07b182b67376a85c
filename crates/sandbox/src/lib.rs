//! A local Authress for development and tests, on loopback only.
