//! Login sessions, identified by the `authress-session` cookie.

use crate::bounded_map::BoundedMap;
use crate::model::grant::Grant;

const MAX_SESSIONS: usize = 20_000;

/// The sessions by their id, which is the cookie's value.
#[derive(Debug)]
pub(crate) struct Sessions(BoundedMap<String, Session>);

/// The session of one browser.
#[derive(Debug, Clone)]
struct Session {
    grant: Grant,
    expires_at_ms: u64,
}

impl Default for Sessions {
    fn default() -> Self {
        Self(BoundedMap::new(MAX_SESSIONS))
    }
}

impl Sessions {
    /// Starts a session that lasts `lifetime_s` seconds after its last use.
    pub(crate) fn start(&mut self, id: String, grant: Grant, now_ms: u64, lifetime_s: u64) {
        self.0.insert(id, Session { grant, expires_at_ms: expiry(now_ms, lifetime_s) });
    }

    /// Returns id and grant of the first of these sessions that exists and has not expired.
    pub(crate) fn find<'a>(&self, ids: &'a [String], now_ms: u64) -> Option<(&'a str, &Grant)> {
        ids.iter().find_map(|id| {
            let session = self.0.get(id).filter(|session| now_ms < session.expires_at_ms)?;
            Some((id.as_str(), &session.grant))
        })
    }

    /// Renews the first of these sessions that exists and has not expired.
    pub(crate) fn renew(&mut self, ids: &[String], now_ms: u64, lifetime_s: u64) -> Option<(String, Grant)> {
        let id = self.find(ids, now_ms)?.0.to_owned();
        let session = self.0.get_mut(&id)?;
        session.expires_at_ms = expiry(now_ms, lifetime_s);
        Some((id, session.grant.clone()))
    }

    /// Ends all sessions of a user.
    pub(crate) fn end_all_of(&mut self, user_id: &str) {
        let of_user = self.0.iter().filter(|(_, session)| session.grant.user_id == user_id);
        let ids: Vec<String> = of_user.map(|(id, _)| id.clone()).collect();
        self.end(&ids);
    }

    pub(crate) fn end(&mut self, ids: &[String]) {
        for id in ids {
            self.0.remove(id);
        }
    }
}

fn expiry(now_ms: u64, lifetime_s: u64) -> u64 {
    now_ms.saturating_add(lifetime_s.saturating_mul(1000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::grant::Profile;

    const DAY_MS: u64 = 24 * 60 * 60 * 1000;
    const LIFETIME_S: u64 = 90 * 24 * 60 * 60;

    fn one_session() -> (Sessions, Vec<String>) {
        let grant = Grant {
            user_id: "user_1".to_owned(),
            connection_id: "sc_shop".to_owned(),
            application_id: "app_demo".to_owned(),
            audiences: vec![],
            scope: "openid".to_owned(),
            profile: Profile::default(),
        };
        let mut sessions = Sessions::default();
        sessions.start("s1".to_owned(), grant, 0, LIFETIME_S);
        (sessions, vec!["stale".to_owned(), "s1".to_owned()])
    }

    #[test]
    fn a_session_lasts_its_lifetime_after_its_last_use() {
        let (mut sessions, ids) = one_session();
        assert!(sessions.renew(&ids, 89 * DAY_MS, LIFETIME_S).is_some());
        assert!(sessions.find(&ids, 178 * DAY_MS).is_some());
        assert!(sessions.renew(&ids, 179 * DAY_MS, LIFETIME_S).is_none());
    }

    #[test]
    fn the_sessions_of_one_user_end_together() {
        let (mut sessions, ids) = one_session();
        sessions.end_all_of("user_2");
        assert!(sessions.find(&ids, 0).is_some());
        sessions.end_all_of("user_1");
        assert!(sessions.find(&ids, 0).is_none());
    }

    #[test]
    fn an_ended_session_is_not_found() {
        let (mut sessions, ids) = one_session();
        sessions.end(&ids);
        assert!(sessions.find(&ids, 0).is_none());
    }
}
