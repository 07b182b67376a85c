//! What happens outside of the client: in other tabs, and to the page.

use crate::{context::Context, login_client::LoginClient, ports::Ports};
use authress_login_protocol::{
    callback::login_result::{LoginResult, LoginStatus},
    jwt::UnverifiedClaims,
    session::record::STORAGE_KEY,
    state::Event,
    tab_message::TabMessage,
};
use futures_util::future::select;
use std::pin::pin;

/// How long a session that another tab has stored may take to become visible in this one, in milliseconds.
const SESSION_ARRIVAL_MS: u32 = 1_000;

impl<P: Ports> LoginClient<P> {
    /// Handles a storage event: another tab has changed `key`, or all keys for `None`.
    pub fn on_storage(&self, key: Option<&str>) {
        if key.is_none_or(|key| key == STORAGE_KEY) {
            self.wake();
        }
    }

    /// Handles a message of another tab.
    pub fn on_message(&self, message: &str) {
        let context = &self.context;
        match TabMessage::parse(message) {
            Some(TabMessage::SignedOut) => {
                // Tokens of responses in progress are of the session that has ended.
                context.advance_session_version();
                context.remove_unfinished_callback();
                context.has_no_remote_session.set(true);
                self.wake();
            }
            Some(TabMessage::LoginEnded(result)) => {
                let context = context.clone();
                self.context.ports.spawn(async move { context.forward_login_result(result).await });
            }
            None => {}
        }
    }

    /// Handles that the page has become visible, is online again, or was restored from the back/forward cache: time may
    /// have passed, and other tabs may have signed in or out.
    pub fn wake(&self) {
        let context = &self.context;
        // The shopper has come back to the page: the next call begins another login.
        context.current_authorization.borrow_mut().take_if(|authorization| authorization.has_navigated());
        context.refresh_state();
        context.notifier.notify();
    }
}

impl<P: Ports> Context<P> {
    /// Emits the result of a login in another tab, after the session that it has stored is visible here.
    async fn forward_login_result(&self, result: LoginResult) {
        if matches!(result.status, LoginStatus::SignedIn | LoginStatus::Linked) {
            let arrival = pin!(async {
                loop {
                    let change = self.notifier.next();
                    let identity = self.identity();
                    if identity.as_ref().and_then(UnverifiedClaims::subject) == result.user_id.as_deref() {
                        return;
                    }
                    change.await;
                }
            });
            select(arrival, pin!(self.ports.sleep(SESSION_ARRIVAL_MS))).await;
        }
        self.refresh_state();
        self.emit(&Event::LoginEnded(result));
    }
}
