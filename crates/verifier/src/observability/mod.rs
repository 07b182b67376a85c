//! Logs and metrics.

mod log;
mod metrics;

pub use log::LogOutput;
pub use metrics::Metrics;
pub(crate) use metrics::Outcome;
