//! What happens outside of this client: in other tabs, and to the page itself.

use crate::{client::Client, ports::Ports};
use authress_login_protocol::{
    callback::login_result::{LoginResult, LoginStatus},
    jwt::UnverifiedClaims,
    session::record,
    state::Event,
};
use futures_util::future::select;
use std::pin::pin;

/// How long a session may take from the tab that has stored it to another one, in milliseconds.
const LONGEST_ARRIVAL_MS: u32 = 1_000;

/// The message that another tab has ended the session.
pub(crate) const SIGNED_OUT: &str = "signed-out";

impl<P: Ports> Client<P> {
    /// Another tab has written to or removed `key` of the storage; all of it if there is no key.
    pub fn on_storage(&self, key: Option<&str>) {
        if key.is_none_or(|key| key == record::STORAGE_KEY) {
            self.wake();
        }
    }

    /// Another tab has sent a message.
    pub fn on_message(&self, message: &str) {
        let inner = &self.inner;
        if message == SIGNED_OUT {
            // Tokens that are on their way to this tab are of the session that is over.
            inner.next_generation();
            inner.finish_callback();
            inner.is_unknown_to_authress.set(true);
            self.wake();
        } else if let Some(result) = LoginResult::from_json(message) {
            let client = self.clone();
            inner.ports.spawn(async move { client.pass_on(result).await });
        }
    }

    /// Tells of a login in another tab. Its session may be on its way here still, and listeners hear of
    /// it first.
    async fn pass_on(&self, result: LoginResult) {
        let inner = &self.inner;
        if matches!(result.status, LoginStatus::SignedIn | LoginStatus::Linked) {
            let arrival = pin!(async {
                loop {
                    let change = inner.changes.next();
                    let identity = inner.identity();
                    if identity.as_ref().and_then(UnverifiedClaims::subject) == result.user_id.as_deref() {
                        return;
                    }
                    change.await;
                }
            });
            select(arrival, pin!(inner.ports.sleep(LONGEST_ARRIVAL_MS))).await;
        }
        inner.look();
        inner.tell(&Event::LoginEnded(result));
    }

    /// The shopper sees the page (again), the network is back, or the page comes out of the
    /// back/forward cache: time may have passed, and other tabs may have signed in or out.
    pub fn wake(&self) {
        // The page was left and is here again: a press is another one.
        self.inner.begun.borrow_mut().take_if(|begun| begun.has_left());
        self.inner.look();
        self.inner.changes.announce();
    }
}
