//! The points in which servers of this protocol differ, one switch for each.
//!
//! This is the one home of such switches: the configuration file sets them, [`State`](crate::state::State) holds
//! them, and the code that depends on one reads it from there. A point in which no server differs is a constant
//! beside the code that it belongs to.

/// How this sandbox behaves where servers differ. The default is what production is known to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// Whether the redirect to the application drops the query of the redirect URL. By default its parameters are
    /// kept, as RFC 6749 section 3.1.2 demands.
    pub(crate) drops_redirect_query: bool,
}
