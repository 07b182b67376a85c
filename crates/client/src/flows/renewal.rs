//! Renewing the session: before it expires while the page is visible, and after an API rejected its token.

use crate::{context::Context, login_client::LoginClient, ports::Ports};
use authress_login_protocol::{
    error::{Error, ErrorCode},
    jwt::UnverifiedClaims,
    secret::Secret,
    session::{
        record::{STORAGE_KEY, expires_at_ms},
        renewal,
    },
};
use futures_util::future::select;
use std::pin::pin;

/// The longest sleep before the session is checked again, in milliseconds: the device's clock may be set, and browsers
/// delay timers.
const MAX_SLEEP_MS: i64 = 10 * 60 * 1000;

impl<P: Ports> LoginClient<P> {
    /// Renews the session shortly before it expires while the page is visible. Runs for ever.
    pub async fn keep_session(self) {
        let context = &self.context;
        let mut failures = 0;
        loop {
            // Before the check, so that no change is missed.
            let change = pin!(context.notifier.next());
            let sleep_ms = match context.next_task() {
                NextTask::None => MAX_SLEEP_MS,
                NextTask::Expiry(at_ms) => at_ms.saturating_sub(context.ports.now_ms()).saturating_add(1),
                NextTask::Renewal(due_at_ms) if due_at_ms > context.ports.now_ms() => {
                    due_at_ms - context.ports.now_ms()
                }
                NextTask::Renewal(_) if !context.ports.is_visible() => MAX_SLEEP_MS,
                NextTask::Renewal(_) => {
                    failures = if self.renew_until_current(None).await { 0 } else { failures + 1 };
                    renewal::retry_delay_ms(failures).into()
                }
            };
            let sleep_ms = u32::try_from(sleep_ms.clamp(0, MAX_SLEEP_MS)).unwrap_or_default();
            select(change, pin!(context.ports.sleep(sleep_ms))).await;
            context.wait_for_write().await;
            context.remove_stale_authorizations();
            context.refresh_state();
        }
    }

    /// Returns the access token for a request to `url`, `None` if script cannot read it.
    ///
    /// The token may be sent to the page's own origin and to `token_origins`, separated by spaces. They are an
    /// argument, since the clients of a page share the session while each has its own APIs. Fails with
    /// [`ErrorCode::OriginNotAllowed`], [`ErrorCode::NotLoggedIn`], or [`ErrorCode::UserChanged`] if the session is no
    /// longer of the user that the application knew when it called: the request is meant for that user.
    pub async fn token_for(&self, url: &str, token_origins: &str) -> Result<Option<Secret>, Error> {
        let context = &self.context;
        let settings = context.settings.clone().with_token_origins(token_origins)?;
        if !context.ports.page()?.may_send_token_to(url, &settings) {
            return Err(ErrorCode::OriginNotAllowed.into());
        }
        let known_user = context.known_user();
        loop {
            let is_signed_in = self.user_session_exists(false).await?;
            match context.user_and_token() {
                Ok((user_id, token)) if known_user.as_ref().is_none_or(|known| *known == user_id) => return Ok(token),
                Ok(_) => return Err(ErrorCode::UserChanged.into()),
                // Another tab that replaces the session changes the cookies between the two readings.
                Err(error) if !is_signed_in => return Err(error),
                Err(_) => {}
            }
        }
    }

    /// Renews the session after an API rejected the token `rejected`. Returns the new token, `None` if there is none of
    /// the same user: the request was made as that user.
    pub async fn replace_rejected_token(&self, rejected: Option<&Secret>) -> Option<Secret> {
        if !self.context.sends_credentials().unwrap_or(false) {
            return None;
        }
        let claims = rejected.and_then(|token| UnverifiedClaims::decode(token.expose()));
        let named_user = claims.and_then(|claims| claims.subject().map(str::to_owned));
        let before = named_user.or_else(|| self.context.known_user());
        self.renew_until_current(rejected).await;
        let (user_id, token) = self.context.user_and_token().ok()?;
        let is_same_user = before.is_none_or(|before| before == user_id);
        token.filter(|token| is_same_user && rejected.is_none_or(|rejected| token != rejected))
    }

    /// Renews the session. Returns whether there is one that is not due for renewal now.
    async fn renew_until_current(&self, rejected: Option<&Secret>) -> bool {
        let is_signed_in = self.renew_session(rejected.cloned()).await.unwrap_or(false);
        let now_ms = self.context.ports.now_ms();
        let is_due = matches!(self.context.next_task(), NextTask::Renewal(at_ms) if at_ms <= now_ms);
        is_signed_in && !is_due
    }
}

/// What to do next for the session, and when: in milliseconds since 1970 by the device's clock.
enum NextTask {
    None,
    Renewal(i64),
    /// The session expires and cannot be renewed.
    Expiry(i64),
}

impl<P: Ports> Context<P> {
    fn next_task(&self) -> NextTask {
        let record = self.ports.load(STORAGE_KEY);
        let Some(expires_at_ms) = record.as_deref().and_then(expires_at_ms) else { return NextTask::None };
        match (record.as_deref().and_then(renewal::due_at_ms), self.may_have_remote_session()) {
            (Some(due_at_ms), true) => NextTask::Renewal(due_at_ms),
            _ if expires_at_ms >= self.ports.now_ms() => NextTask::Expiry(expires_at_ms),
            _ => NextTask::None,
        }
    }
}
