//! Why a request to Authress failed.

mod causes;
mod details;

use std::fmt;
use std::time::Duration;

pub use self::causes::{Outage, ResponseProblem, TokenOwner};
pub use self::details::ErrorDetails;
use crate::values::InvalidValue;

/// Why a request failed. Contains no tokens, no invite ids, no user data and no text that Authress wrote for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ManagementError {
    /// A value cannot be sent. There was no request.
    InvalidValue(InvalidValue),
    /// Authress considers the parameters or the body invalid (400, 422). Its error code names the reason.
    InvalidRequest(ErrorDetails),
    /// Authress does not accept the token (401), also not a new one.
    Unauthorized {
        /// Whose token it is.
        owner: TokenOwner,
        /// How many seconds this server's clock is ahead of Authress's, if it has sent its time. A clock that is wrong by
        /// minutes makes tokens invalid.
        clock_ahead_s: Option<i64>,
        /// What Authress says about the error.
        details: ErrorDetails,
    },
    /// The token's owner may not do this (403).
    Forbidden(ErrorDetails),
    /// There is no such thing, or the token's owner may not know of it (404).
    NotFound(ErrorDetails),
    /// The resource has an owner already (409), possibly the same user: after a response that was lost, or in a second
    /// tab. Compare with [`ManagementClient::authorize_user`](crate::ManagementClient::authorize_user).
    AlreadyClaimed(ErrorDetails),
    /// Something with this id exists already (409).
    Conflict(ErrorDetails),
    /// The record was changed after it was read (412).
    Changed(ErrorDetails),
    /// The record is too large (413): Authress allows about 100 KB.
    TooLarge(ErrorDetails),
    /// Authress limits the rate of requests (429), still after the last try.
    RateLimited {
        /// How long Authress wants no further request, if it says so.
        retry_after: Option<Duration>,
        /// Whether an earlier try, whose response was lost, may have made the change.
        may_have_succeeded: bool,
        /// What Authress says about the error.
        details: ErrorDetails,
    },
    /// Authress could not be reached, did not respond in time, or reports a failure of its own (5xx), still after the
    /// last try.
    Unavailable {
        /// The last failure.
        outage: Outage,
        /// Whether the change that was requested may have been made all the same. Always `false` for requests that only
        /// read.
        may_have_succeeded: bool,
        /// What Authress says about the error.
        details: ErrorDetails,
    },
    /// The response is not one of Authress's API: usually the configured domain is wrong, or a proxy has responded.
    UnexpectedResponse {
        /// The status of the response.
        status: u16,
        /// What is wrong with it.
        problem: ResponseProblem,
        /// What Authress says about the error.
        details: ErrorDetails,
    },
}

impl ManagementError {
    /// Returns the error code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidValue(_) => "InvalidValue",
            Self::InvalidRequest(_) => "InvalidRequest",
            Self::Unauthorized { .. } => "Unauthorized",
            Self::Forbidden(_) => "Forbidden",
            Self::NotFound(_) => "NotFound",
            Self::AlreadyClaimed(_) => "AlreadyClaimed",
            Self::Conflict(_) => "Conflict",
            Self::Changed(_) => "Changed",
            Self::TooLarge(_) => "TooLarge",
            Self::RateLimited { .. } => "RateLimited",
            Self::Unavailable { .. } => "Unavailable",
            Self::UnexpectedResponse { .. } => "UnexpectedResponse",
        }
    }

    /// Returns what Authress says about the error: its code, and the id for its support.
    pub fn details(&self) -> Option<&ErrorDetails> {
        match self {
            Self::InvalidValue(_) => None,
            Self::InvalidRequest(details)
            | Self::Unauthorized { details, .. }
            | Self::Forbidden(details)
            | Self::NotFound(details)
            | Self::AlreadyClaimed(details)
            | Self::Conflict(details)
            | Self::Changed(details)
            | Self::TooLarge(details)
            | Self::RateLimited { details, .. }
            | Self::Unavailable { details, .. }
            | Self::UnexpectedResponse { details, .. } => Some(details),
        }
    }
}

impl fmt::Display for ManagementError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidValue(invalid) => write!(f, "{invalid}"),
            Self::InvalidRequest(_) => f.write_str(
                "Authress considers the request invalid. Compare its values with the limits in the documentation",
            ),
            Self::Unauthorized { owner, clock_ahead_s, .. } => unauthorized(f, *owner, *clock_ahead_s),
            Self::Forbidden(_) => f.write_str(
                "the owner of the token is not allowed to do this. Grant the permission in Authress: to the service client \
                 in an access record, or to claim resources in the configuration of their collection",
            ),
            Self::NotFound(_) => f.write_str(
                "Authress has nothing with this id, or the owner of the token may not read it. Check the id and the account",
            ),
            Self::AlreadyClaimed(_) => f.write_str(
                "the resource has an owner already. Check with authorize_user whether it is this user, \
                 whose earlier claim may have succeeded without a response",
            ),
            Self::Conflict(_) => f.write_str("this id exists already. Read what has it, or choose another"),
            Self::Changed(_) => f.write_str("the record was changed since it was read. Read it again and repeat the change"),
            Self::TooLarge(_) => {
                f.write_str("the record is larger than about 100 KB. Distribute its users over several records")
            }
            Self::RateLimited { retry_after, may_have_succeeded, .. } => {
                f.write_str("Authress limits the rate of requests. Try again ")?;
                match retry_after {
                    Some(delay) => write!(f, "after {} seconds", delay.as_secs().max(1))?,
                    None => f.write_str("later, with fewer requests")?,
                }
                uncertain(f, *may_have_succeeded)
            }
            Self::Unavailable { outage, may_have_succeeded, .. } => {
                write!(f, "{outage}. Try again later")?;
                uncertain(f, *may_have_succeeded)
            }
            Self::UnexpectedResponse { status, problem, .. } => write!(
                f,
                "the response with status {status} is not one of Authress's API: {problem}. Check the configured domain, and \
                 whether a proxy responds in its place"
            ),
        }?;
        match self.details() {
            Some(details) => write!(f, "{details}"),
            None => Ok(()),
        }
    }
}

fn uncertain(f: &mut fmt::Formatter<'_>, may_have_succeeded: bool) -> fmt::Result {
    if may_have_succeeded {
        f.write_str(", and check first whether the change was made: it may have been")?;
    }
    Ok(())
}

fn unauthorized(f: &mut fmt::Formatter<'_>, owner: TokenOwner, clock_ahead_s: Option<i64>) -> fmt::Result {
    const TOLERATED_S: i64 = 60;
    f.write_str(match owner {
        TokenOwner::ServiceClient => {
            "Authress does not accept the service client's token. Check that the access key is active (a new one can \
             take five minutes until it is known everywhere), and that the custom domain is the account's"
        }
        TokenOwner::Caller => {
            "Authress does not accept the user's token. It may have expired: let the user's browser get a new one"
        }
    })?;
    match clock_ahead_s {
        Some(ahead) if ahead >= TOLERATED_S => {
            write!(f, ". The clock of this server is {ahead} seconds ahead: correct it")
        }
        Some(ahead) if ahead <= -TOLERATED_S => {
            write!(f, ". The clock of this server is {} seconds behind: correct it", ahead.unsigned_abs())
        }
        Some(_) | None => Ok(()),
    }
}

impl std::error::Error for ManagementError {}

impl From<InvalidValue> for ManagementError {
    fn from(invalid: InvalidValue) -> Self {
        Self::InvalidValue(invalid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<ManagementError> {
        let details = ErrorDetails::default;
        let unauthorized =
            |owner, clock_ahead_s| ManagementError::Unauthorized { owner, clock_ahead_s, details: details() };
        let rate_limited =
            |retry_after| ManagementError::RateLimited { retry_after, may_have_succeeded: false, details: details() };
        let unavailable = |outage, may_have_succeeded| ManagementError::Unavailable {
            outage,
            may_have_succeeded,
            details: details(),
        };
        vec![
            ManagementError::InvalidValue(InvalidValue { name: "x", allowed: "y" }),
            ManagementError::InvalidRequest(details()),
            unauthorized(TokenOwner::ServiceClient, Some(-61)),
            unauthorized(TokenOwner::Caller, None),
            ManagementError::Forbidden(details()),
            ManagementError::NotFound(details()),
            ManagementError::AlreadyClaimed(details()),
            ManagementError::Conflict(details()),
            ManagementError::Changed(details()),
            ManagementError::TooLarge(details()),
            rate_limited(Some(Duration::from_secs(7))),
            rate_limited(None),
            unavailable(Outage::NotConnected, false),
            unavailable(Outage::ConnectionLost, true),
            unavailable(Outage::TimedOut, true),
            unavailable(Outage::Status(502), true),
            ManagementError::UnexpectedResponse { status: 302, problem: ResponseProblem::Status, details: details() },
        ]
    }

    #[test]
    fn every_message_is_a_full_sentence_or_two() {
        for error in all() {
            let text = error.to_string();
            assert!(text.len() > 10 && !text.ends_with('.') && !text.contains("  "), "{text}");
            assert!(!error.code().is_empty());
        }
    }

    #[test]
    fn a_wrong_clock_is_named_in_its_direction() {
        let text = |clock_ahead_s| {
            let details = ErrorDetails::default();
            ManagementError::Unauthorized { owner: TokenOwner::ServiceClient, clock_ahead_s, details }.to_string()
        };
        assert!(text(Some(3600)).contains("3600 seconds ahead"));
        assert!(text(Some(-3600)).contains("3600 seconds behind"));
        assert!(!text(Some(5)).contains("seconds"));
        assert!(!text(None).contains("seconds"));
    }

    #[test]
    fn a_change_that_may_have_been_made_is_pointed_out() {
        let text = |may_have_succeeded| {
            let details = ErrorDetails::default();
            ManagementError::Unavailable { outage: Outage::TimedOut, may_have_succeeded, details }.to_string()
        };
        assert!(text(true).contains("check first"));
        assert!(!text(false).contains("check first"));
    }
}
