//! What errors are distinguished by.

use std::fmt;

/// Whose token a request has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenOwner {
    /// The service client.
    ServiceClient,
    /// The user whose token the caller has passed.
    Caller,
}

/// Why there is no usable response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outage {
    /// No connection was made. The request was not sent.
    NotConnected,
    /// The connection ended before the response was complete.
    ConnectionLost,
    /// There was no complete response in time.
    TimedOut,
    /// Authress, or a proxy before it, reports a failure.
    Status(u16),
}

impl fmt::Display for Outage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotConnected => f.write_str(
                "no connection to Authress. Check the configured domain, DNS, its certificate, and whether this server may \
                 connect to it",
            ),
            Self::ConnectionLost => f.write_str("the connection to Authress ended before its response was complete"),
            Self::TimedOut => f.write_str("Authress did not respond in time"),
            Self::Status(status) => write!(f, "Authress reports a failure of its own (status {status})"),
        }
    }
}

/// What is wrong with a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseProblem {
    /// The status is not among the documented ones. Redirects are not followed.
    Status,
    /// The body is not JSON by its content type.
    ContentType,
    /// The body is larger than this crate reads.
    Size,
    /// The body does not have the documented form.
    Body,
    /// A list has the same cursor twice, and would never end.
    RepeatedCursor,
}

impl fmt::Display for ResponseProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Status => "the status is not a documented one",
            Self::ContentType => "the content type is not JSON",
            Self::Size => "the body is too large",
            Self::Body => "the body does not have the documented form",
            Self::RepeatedCursor => "a cursor is repeated",
        })
    }
}
