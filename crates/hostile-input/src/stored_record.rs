//! What a browser has stored: any record under any of the client's keys, and any cookies.

use std::sync::LazyLock;

use authress_login_protocol::{
    authorization::pending::{self, PendingAuthorization},
    callback::{generation::SessionGeneration, unfinished::UnfinishedCallback},
    clock::ClockReading,
    page::Page,
    secret::Secret,
    session::{
        cookies::{self, Cookies},
        origin::SessionOrigin,
        record::{SessionWrite, as_begun, expires_at_ms, identity_of},
        renewal,
        stored::{Session, StoredSession},
        tokens::Tokens,
    },
};
use serde_json::{Map, Value};

use crate::browser::{self, AUTHRESS, SETTINGS, is_own_host, token};

const NOW: ClockReading = ClockReading { device_ms: 1_800_000_000_000, skew_ms: 0 };

static PAGE: LazyLock<Page> = LazyLock::new(|| Page::new("https://app.shop.test/").expect("a URL"));

/// For any record and cookies:
///
/// - a session has a user id, and its tokens are of that user, this Authress host and this application;
/// - a session that this browser has not begun does not become one that it has;
/// - what the client writes, it reads back.
///
/// The lines of the input are the record, the cookies, a response to a renewal, and the claims of the tokens `$1` to `$3`.
pub fn stored_record(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let [.., first, second, third] = browser::lines::<6>(text);
    let text = text.replace("$1", &token(&first)).replace("$2", &token(&second)).replace("$3", &token(&third));
    let [record, cookies, response] = browser::lines(&text);
    let stored = StoredSession::new(Some(record), Cookies::new(cookies));
    let browser = Browser { record, cookies: Cookies::new(cookies), stored };
    browser.session();
    browser.arrived();
    browser.written_anew();
    if let Ok(Some(tokens)) = Tokens::from_response(&SETTINGS, &Secret::new(response)) {
        renewed(&tokens);
    }
    pending_login(record);
}

/// A browser with a record and cookies.
struct Browser<'a> {
    record: &'a str,
    cookies: Cookies,
    stored: StoredSession,
}

impl Browser<'_> {
    fn session(&self) {
        let session = self.stored.session(&SETTINGS, NOW);
        if let Some(session) = &session {
            self.is_own(session);
        }
        assert!(!(self.stored.is_being_replaced(&SETTINGS, NOW) && self.stored.has_lost_token(&SETTINGS, NOW)));
        let Ok(credentials) = self.stored.credentials(&SETTINGS, NOW, true) else { return };
        let session = session.expect("a session");
        assert_eq!(credentials.user_id, session.user_id());
        match &credentials.access_token {
            Some(token) => assert!(is_token_of(token.expose(), &credentials.user_id)),
            None => assert!(!self.readable_tokens().any(|token| is_of_any_user(&token))),
        }
        let is_customer = || {
            let connection = credentials.access_token.as_ref().and_then(|token| claim(token.expose(), "azp"));
            connection.is_some_and(|azp| !azp.starts_with("sc_"))
        };
        assert!(!credentials.may_link || session.origin == SessionOrigin::Begun || is_customer());
        assert!(credentials.clone().check_user(Some("another")).is_err() || credentials.user_id == "another");
    }

    fn is_own(&self, session: &Session) {
        assert!(!session.user_id().is_empty() && is_own_host(session.identity.issuer()));
        match self.stored.access_token(&SETTINGS, session.user_id()) {
            Some(token) => assert!(is_token_of(token.expose(), session.user_id())),
            // The record of a session whose token another user's has replaced is not enough.
            None => assert!(!self.promises_token()),
        }
        assert!(!self.is_expired());
        let recorded = identity_of(self.record);
        let is_recorded = recorded.is_some_and(|identity| identity.subject() == Some(session.user_id()));
        assert_eq!(session.origin == SessionOrigin::Begun, is_recorded && !self.is_found());
        // An anonymous session takes the place of no other user's.
        let current = identity_of(self.record).filter(|identity| is_own_host(identity.issuer()) && !self.is_expired());
        let user_id = current.as_ref().and_then(|identity| identity.subject()).filter(|user_id| !user_id.is_empty());
        let accepts = self.stored.accepts_renewal(&SETTINGS, NOW, "another", true);
        assert_eq!(accepts, user_id.is_none_or(|user_id| user_id == "another"));
    }

    /// A session that has just arrived in cookies is written as the client reads it.
    fn arrived(&self) {
        if let Some(session) = self.stored.arrived_session(&SETTINGS, NOW) {
            assert!(!session.user_id().is_empty() && is_own_host(session.identity.issuer()));
            assert_eq!(session.origin, SessionOrigin::Found);
        }
        for origin in [SessionOrigin::Begun, SessionOrigin::Found] {
            let Some((write, now)) = self.stored.session_write_of_user_cookie(&SETTINGS, NOW, origin) else {
                continue;
            };
            let read = StoredSession::new(Some(write.record.expose()), self.cookies.clone());
            let Some(session) = read.session(&SETTINGS, now) else {
                // Its token expires within the margin.
                assert!(expires_at_ms(write.record.expose()).is_some_and(|expiry| expiry < now.device_ms));
                continue;
            };
            assert!(session.origin == SessionOrigin::Found || origin == SessionOrigin::Begun);
            let users: Vec<_> = self.cookies.all(cookies::USER).map(cookies::decode_value).collect();
            let arrived = read.arrived_session(&SETTINGS, NOW).expect("the session of the cookie");
            assert!(session.user_id() == arrived.user_id() && !users.is_empty());
        }
        if let Some(cookie) = self.stored.own_token_cookie(&SETTINGS, &PAGE, NOW) {
            is_one_cookie(cookie.expose());
        }
    }

    /// The record of a session that was found, written as one that was begun, is that of the same session.
    fn written_anew(&self) {
        let due = renewal::due_at_ms(self.record);
        assert_eq!(due.is_some(), expires_at_ms(self.record).is_some());
        let Some(begun) = as_begun(self.record) else { return };
        assert!(self.is_found() && as_begun(begun.expose()).is_none());
        assert_eq!(identity_of(begun.expose()), identity_of(self.record));
        assert_eq!(expires_at_ms(begun.expose()), expires_at_ms(self.record));
        let read = StoredSession::new(Some(begun.expose()), self.cookies.clone());
        for user in ["user_a", "user_b"] {
            assert_eq!(read.access_token(&SETTINGS, user), self.stored.access_token(&SETTINGS, user));
        }
    }

    fn is_found(&self) -> bool {
        member(self.record, "sessionOrigin").is_some_and(|origin| origin == "found")
    }

    fn promises_token(&self) -> bool {
        let record: Map<String, Value> = serde_json::from_str(self.record).unwrap_or_default();
        record.get("jsCookies") == Some(&Value::Bool(true)) || record.get("accessToken").is_some_and(Value::is_string)
    }

    fn is_expired(&self) -> bool {
        expires_at_ms(self.record).is_some_and(|expiry| expiry < NOW.device_ms)
    }

    fn readable_tokens(&self) -> impl Iterator<Item = String> {
        self.cookies.all(cookies::AUTHORIZATION).map(cookies::decode_value)
    }
}

/// The tokens of a response are read back, whether or not the browser keeps their cookie.
fn renewed(tokens: &Tokens) {
    assert!(!tokens.user_id().is_empty() && is_own_host(tokens.claims().issuer()));
    for origin in [SessionOrigin::Begun, SessionOrigin::Found] {
        let write = tokens.session_write(&PAGE, NOW, origin);
        let SessionWrite { authorization_cookie, record, record_without_cookie, .. } = &write;
        let kept = authorization_cookie.as_ref().map(|cookie| is_one_cookie(cookie.expose()));
        let refused = record_without_cookie.as_ref().unwrap_or(record);
        for (record, cookie) in [(record, kept.unwrap_or_default()), (refused, "")] {
            if expires_at_ms(record.expose()).is_some_and(|expiry| expiry < NOW.device_ms) {
                continue;
            }
            assert_eq!(
                write.is_cookie_missing(&Cookies::new(cookie)),
                cookie.is_empty() && record_without_cookie.is_some()
            );
            let stored = StoredSession::new(Some(record.expose()), Cookies::new(cookie));
            let session = stored.session(&SETTINGS, NOW).expect("the session");
            assert_eq!((session.user_id(), session.origin), (tokens.user_id(), origin));
        }
    }
}

/// The other records are read back, too. A nonce is one segment of a path.
fn pending_login(record: &str) {
    if let Some(pending) = PendingAuthorization::from_json(record) {
        assert!(
            !pending.nonce.contains(['/', '?', '#', '%', '\\', ' ']) && !["", ".", ".."].contains(&&*pending.nonce)
        );
        assert_eq!(pending::is_stale(record, NOW.device_ms), pending.is_expired(NOW.device_ms));
        let read = PendingAuthorization::from_json(pending.to_json().expose());
        assert_eq!(read.as_ref(), Some(&pending));
        assert!(
            !pending.belongs_to(&SETTINGS) || [None, Some("app_shop")].contains(&pending.application_id.as_deref())
        );
    } else {
        assert!(pending::is_stale(record, NOW.device_ms));
    }
    let generation = SessionGeneration::from_json(Some(record));
    assert_eq!(SessionGeneration::from_json(Some(&generation.to_json())), generation);
    if let Some(unfinished) = UnfinishedCallback::from_json(record, NOW.device_ms) {
        assert!(!unfinished.nonce().is_empty());
    }
}

/// The assignment sets one host-only cookie. Returns its name and value.
fn is_one_cookie(assignment: &str) -> &str {
    let mut parts = assignment.split(';');
    let pair = parts.next().unwrap_or_default();
    assert!(pair.starts_with("authorization=") && pair.bytes().all(|byte| byte.is_ascii_graphic()));
    for attribute in parts {
        let is_age = attribute.strip_prefix(" Max-Age=").is_some_and(|age| age.parse::<u64>().is_ok());
        assert!(is_age || [" Path=/", " SameSite=Strict", " Secure"].contains(&attribute), "{attribute}");
    }
    pair
}

/// Whether a token that says whose it is says that it is of this user, host and application.
fn is_token_of(token: &str, user_id: &str) -> bool {
    let issuer = claim(token, "iss");
    let is_own = |name, expected: &str| claim(token, name).is_none_or(|value| value == expected);
    is_own_host(issuer.as_deref()) && is_own("sub", user_id) && is_own("client_id", "app_shop")
}

/// Whether a token is certainly one of this host and application.
fn is_of_any_user(token: &str) -> bool {
    let has = |name, expected: &str| claim(token, name).is_some_and(|value| value == expected);
    has("iss", AUTHRESS) && has("client_id", "app_shop") && claim(token, "sub").is_some()
}

fn claim(token: &str, name: &str) -> Option<String> {
    member(&browser::payload(token)?, name)
}

fn member(json: &str, name: &str) -> Option<String> {
    Some(serde_json::from_str::<Map<String, Value>>(json).ok()?.get(name)?.as_str()?.to_owned())
}
