//! What happens outside of this client: in other tabs, and to the page itself.

use crate::{client::Client, ports::Ports};
use authress_login_protocol::{login_result::LoginResult, session, state::Event};

/// The message that another tab has ended the session.
pub(crate) const SIGNED_OUT: &str = "signed-out";

impl<P: Ports> Client<P> {
    /// Another tab has written to or removed `key` of the storage; all of it if there is no key.
    pub fn on_storage(&self, key: Option<&str>) {
        if key.is_none_or(|key| key == session::STORAGE_KEY) {
            self.wake();
        }
    }

    /// Another tab has sent a message.
    pub fn on_message(&self, message: &str) {
        let inner = &self.inner;
        if message == SIGNED_OUT {
            // Tokens that are on their way to this tab are of the session that is over.
            inner.next_generation();
            inner.is_unknown_to_authress.set(true);
            self.wake();
        } else if let Some(result) = LoginResult::from_json(message) {
            inner.look();
            inner.tell(&Event::Returned(result));
        }
    }

    /// The shopper sees the page (again), the network is back, or the page comes out of the
    /// back/forward cache: time may have passed, and other tabs may have signed in or out.
    pub fn wake(&self) {
        self.inner.look();
        self.inner.changes.announce();
    }
}
