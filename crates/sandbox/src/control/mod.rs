//! What a test controls and reads: faults to inject, and the log of requests.

pub(crate) mod faults;
pub(crate) mod request_log;
pub(crate) mod tier;
