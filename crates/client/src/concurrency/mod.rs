//! Coordination of concurrent calls: within a client, between clients of a page, and between tabs.

pub(crate) mod current_authorization;
pub(crate) mod locks;
pub(crate) mod notifier;
pub(crate) mod single_flight;
