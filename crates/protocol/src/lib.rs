//! The Authress login protocol as pure values: no I/O, no clock, no randomness.
