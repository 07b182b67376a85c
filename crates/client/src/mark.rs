//! Whether the session is still the one that a question was about when its answer comes.

use crate::{client::Inner, ports::Ports};
use authress_login_protocol::{error::Error, session::record};

/// The session at some moment, to compare with later.
#[derive(Debug)]
pub(crate) struct Mark {
    generation: u32,
    record: Option<String>,
}

impl<P: Ports> Inner<P> {
    /// The session as it is now.
    pub(crate) fn mark(&self) -> Mark {
        Mark { generation: self.generation.get(), record: self.ports.load(record::STORAGE_KEY) }
    }

    /// Whether another session has come since, this one has gone or has been renewed, by any tab.
    pub(crate) fn has_changed_since(&self, mark: &Mark) -> bool {
        self.generation.get() != mark.generation || self.ports.load(record::STORAGE_KEY) != mark.record
    }

    /// Whether the shopper has signed out since. A tab that has not heard of it yet sees it by the
    /// record.
    pub(crate) fn has_signed_out_since(&self, mark: &Mark) -> bool {
        let is_gone = mark.record.is_some() && self.ports.load(record::STORAGE_KEY).is_none();
        self.generation.get() != mark.generation || is_gone
    }

    /// Drops an answer that came too late, with the cookies that came along if nobody is signed in.
    pub(crate) fn drop_answer(&self) -> Result<bool, Error> {
        if self.ports.load(record::STORAGE_KEY).is_none() {
            self.clear_session_cookies()?;
        }
        Ok(self.look())
    }
}
