//! Keeping the session: renewed before its end while the page is in use.

use crate::{
    client::{Client, Inner},
    ports::Ports,
};
use authress_login_protocol::{
    error::{Error, ErrorCode},
    secret::Secret,
    session::{record, renewal},
};
use futures_util::future::select;
use std::pin::pin;

/// How long to sleep at the most, in milliseconds, before looking again: the device's clock may be
/// set, and browsers may hold timers back.
const LONGEST_SLEEP_MS: i64 = 10 * 60 * 1000;

impl<P: Ports> Client<P> {
    /// Goes on for ever: renews the session shortly before its end while the shopper sees the page.
    pub async fn keep_session(self) {
        let inner = &self.inner;
        let mut failures = 0;
        loop {
            // Taken before looking, so that no change is missed.
            let change = pin!(inner.changes.next());
            let pause_ms = match inner.next() {
                Next::Nothing => LONGEST_SLEEP_MS,
                Next::End(at_ms) => at_ms.saturating_sub(inner.ports.now_ms()).saturating_add(1),
                Next::Renewal(due_at_ms) if due_at_ms > inner.ports.now_ms() => due_at_ms - inner.ports.now_ms(),
                Next::Renewal(_) if !inner.ports.is_visible() => LONGEST_SLEEP_MS,
                Next::Renewal(_) => {
                    failures = if self.renew(None).await { 0 } else { failures + 1 };
                    renewal::retry_delay_ms(failures).into()
                }
            };
            let pause_ms = u32::try_from(pause_ms.clamp(0, LONGEST_SLEEP_MS)).unwrap_or_default();
            select(change, pin!(inner.ports.sleep(pause_ms))).await;
            inner.wait_for_replacement().await;
            inner.look();
        }
    }

    /// The access token for a request to `url`, `None` where script cannot read it. It may go to the page's own origin and
    /// to `token_origins`, with spaces between them: clients of a page share the session, and each has its own APIs.
    pub async fn token_for(&self, url: &str, token_origins: &str) -> Result<Option<Secret>, Error> {
        let inner = &self.inner;
        let settings = inner.settings.clone().with_token_origins(token_origins)?;
        if !inner.ports.page()?.may_send_token_to(url, &settings) {
            return Err(ErrorCode::OriginNotAllowed.into());
        }
        self.user_session_exists(false).await?;
        inner.token()
    }

    /// Another access token after `refused` was not accepted; `None` if there is none.
    pub async fn token_instead_of(&self, refused: Option<&Secret>) -> Option<Secret> {
        if !self.inner.sends_credentials().unwrap_or(false) {
            return None;
        }
        self.renew(refused).await;
        let token = self.inner.token().ok().flatten();
        token.filter(|token| refused.is_none_or(|refused| token != refused))
    }

    /// Whether there is a session that need not be renewed now.
    async fn renew(&self, refused: Option<&Secret>) -> bool {
        let is_here = self.check_at_authress(refused.cloned()).await.unwrap_or(false);
        let is_due = matches!(self.inner.next(), Next::Renewal(at_ms) if at_ms <= self.inner.ports.now_ms());
        is_here && !is_due
    }
}

/// What is to be done next for the session that is here, and when: milliseconds since 1970 by the
/// device's clock.
enum Next {
    Nothing,
    Renewal(i64),
    /// It ends, and nothing can be done about it.
    End(i64),
}

impl<P: Ports> Inner<P> {
    fn next(&self) -> Next {
        let record = self.ports.load(record::STORAGE_KEY);
        let Some(expires_at_ms) = record.as_deref().and_then(record::expires_at_ms) else { return Next::Nothing };
        let is_renewable = !self.is_unknown_to_authress.get() && self.sends_credentials().unwrap_or(false);
        match (record.as_deref().and_then(renewal::due_at_ms), is_renewable) {
            (Some(due_at_ms), true) => Next::Renewal(due_at_ms),
            _ if expires_at_ms >= self.ports.now_ms() => Next::End(expires_at_ms),
            _ => Next::Nothing,
        }
    }
}
