//! The command `healthcheck`, for images without a shell or curl: which address to ask, and the question.

mod request;
mod target;

pub use self::request::{HealthError, check_health};
pub use self::target::{HealthTarget, InvalidHealthUrl, NoFixedPort};
