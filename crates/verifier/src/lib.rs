//! Decides on, mints and signs anonymous user ids for a shop that uses Authress.
