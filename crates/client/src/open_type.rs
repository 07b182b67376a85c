//! How the page is left for a login or link.

/// How to leave the page for a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenType {
    /// By navigating in this tab.
    Redirect {
        /// Whether the caller gets the response although the page navigates.
        returns_response: bool,
    },
    /// In another tab, or by navigating in this tab if the browser opens none.
    Tab {
        /// Whether the caller gets the response although the page navigates.
        returns_response: bool,
    },
    /// Not at all: the caller navigates.
    ClientManaged,
}

impl OpenType {
    /// Whether the caller gets the response although the page navigates.
    pub(crate) fn returns_response(self) -> bool {
        match self {
            Self::Redirect { returns_response } | Self::Tab { returns_response } => returns_response,
            Self::ClientManaged => true,
        }
    }
}
