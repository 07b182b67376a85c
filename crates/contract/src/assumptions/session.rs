//! The session: cookies, identity, access token, renewal, logout.

use serde_json::Value;

use super::assumption::{Assumption, Judgement, finding, not_observed};
use super::observed::{Session, access_token, configured};
use crate::facts::{Facts, NotObserved};
use crate::shape::{Cookie, Token, error_word, names};

pub(super) const LIST: &[Assumption] = &[
    Assumption {
        id: "session.client",
        sentence: "The login client has a session and a token after an anonymous login.",
        rests_on: "crates/client/src/flows/mod.rs",
        decision: "",
        observed_by: "`userSessionExists` and `getToken` on the page",
        judge: |facts| {
            let session: Session = facts.get("main-session")?;
            let shape = match (session.client_has_session, session.client_error) {
                (true, None) => "a session and a token".to_owned(),
                (true, Some(code)) => format!("a session, and `{}` for the token", error_word(&code)),
                (false, _) => "no session".to_owned(),
            };
            finding(shape == "a session and a token", shape)
        },
    },
    Assumption {
        id: "session.user-id",
        sentence: "The user id of the token is the one in the statement.",
        rests_on: "crates/verifier/src/decision/user_id.rs",
        decision: "V3",
        observed_by: "`sub` of the access token",
        judge: |facts| {
            let signed = facts.journey("main")?.user_id;
            let signed = signed.ok_or(NotObserved("the deployed verifier chose the user id".to_owned()))?;
            let is_same = access_token(facts)?.text("sub") == Some(&signed);
            finding(is_same, if is_same { "the same user id" } else { "another user id" })
        },
    },
    Assumption {
        id: "cookies.names",
        sentence: "A page of the login host's site gets the cookies `user` and `authorization`.",
        rests_on: "crates/protocol/src/session/cookies.rs",
        decision: "C32",
        observed_by: "`Set-Cookie` after the anonymous login",
        judge: |facts| {
            let cookies = set_cookies(facts)?;
            let has = |name: &str| cookies.iter().any(|cookie| cookie.name == name && cookie.has("domain"));
            finding(has("user") && has("authorization"), shapes(&cookies))
        },
    },
    Assumption {
        id: "cookies.readable",
        sentence: "Scripts of the page can read `user` and `authorization`.",
        rests_on: "crates/protocol/src/session/cookies.rs",
        decision: "C32",
        observed_by: "`document.cookie` on the page",
        judge: |facts| {
            set_cookies(facts)?;
            let session: Session = facts.get("main-session")?;
            let readable = |name: &str| session.readable_cookies.iter().any(|cookie| cookie == name);
            let known = session.readable_cookies.iter().map(String::as_str);
            finding(readable("user") && readable("authorization"), names(known))
        },
    },
    Assumption {
        id: "cookies.session",
        sentence: "The session's cookie is HttpOnly and Secure.",
        rests_on: "crates/sandbox/src/cookies.rs",
        decision: "",
        observed_by: "`Set-Cookie` after the anonymous login",
        judge: |facts| {
            let cookie = session_cookie(facts)?;
            finding(cookie.has("httponly") && cookie.has("secure"), cookie.shape())
        },
    },
    Assumption {
        id: "cookies.session-lifetime",
        sentence: "A session lasts for 90 days.",
        rests_on: "crates/sandbox/src/model/session.rs",
        decision: "",
        observed_by: "`Max-Age` of the session's cookie",
        judge: |facts| {
            let age = session_cookie(facts)?.max_age();
            let age = age.ok_or(NotObserved("the session's cookie has no Max-Age".to_owned()))?;
            finding(age == 90 * 24 * 3600, days(age))
        },
    },
    Assumption {
        id: "identity.form",
        sentence: "The identity is a JWT or claims as JSON.",
        rests_on: "crates/protocol/src/jwt.rs",
        decision: "C5",
        observed_by: "the cookie `user`, or the `id_token` in the address",
        judge: |facts| {
            let token = identity(facts)?;
            finding(true, token.shape())
        },
    },
    Assumption {
        id: "identity.issuer",
        sentence: "The identity names its issuer.",
        rests_on: "crates/protocol/src/session/cookies.rs",
        decision: "C4",
        observed_by: "the claim `iss` of the identity",
        judge: |facts| {
            let has = identity(facts)?.text("iss").is_some();
            finding(has, if has { "`iss`" } else { "no `iss`" })
        },
    },
    Assumption {
        id: "identity.connection",
        sentence: "The identity names its connection (`azp`) and application (`client_id`).",
        rests_on: "crates/protocol/src/session/tokens.rs",
        decision: "",
        observed_by: "the claims of the identity",
        judge: |facts| {
            let token = identity(facts)?;
            let found: Vec<&str> = ["azp", "client_id"].into_iter().filter(|name| token.text(name).is_some()).collect();
            finding(found.len() == 2, names(found))
        },
    },
    Assumption {
        id: "token.type",
        sentence: "An access token is a JWT of type `at+jwt`, signed with EdDSA or RS512.",
        rests_on: "crates/access-token/src/policy.rs",
        decision: "A1",
        observed_by: "the header of the access token",
        judge: |facts| {
            let token = access_token(facts)?;
            let text = |name: &str| token.header.get(name).and_then(Value::as_str).unwrap_or("none").to_owned();
            let (kind, algorithm) = (text("typ"), text("alg"));
            let is_known = ["EdDSA", "RS512"].contains(&algorithm.as_str());
            finding(kind == "at+jwt" && is_known, names([kind.replace('+', "-").as_str(), &algorithm]))
        },
    },
    Assumption {
        id: "token.issuer",
        sentence: "The issuer of an access token is the host that the page uses, without a slash.",
        rests_on: "crates/access-token/src/policy.rs",
        decision: "",
        observed_by: "the claim `iss` of the access token",
        judge: |facts| {
            let token = access_token(facts)?;
            let host = configured(facts, "authressApiUrl")?;
            let shape = match token.text("iss") {
                None => "no `iss`",
                Some(iss) if iss == host => "the host that the page uses",
                Some(iss) if iss.trim_end_matches('/') == host => "that host, with a slash",
                Some(iss) if iss.ends_with(host.trim_start_matches("https://")) => "a host below it",
                Some(_) => "another host",
            };
            finding(shape == "the host that the page uses", shape)
        },
    },
    Assumption {
        id: "token.audience",
        sentence: "The audience of an access token is its issuer when the login asked for none.",
        rests_on: "crates/sandbox/src/tokens.rs",
        decision: "",
        observed_by: "the claim `aud` of the access token",
        judge: |facts| {
            let token = access_token(facts)?;
            let audiences: Vec<&str> = match token.claim("aud") {
                Value::String(text) => vec![text],
                Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
                _ => Vec::new(),
            };
            let issuer = token.text("iss").unwrap_or_default();
            let application = configured(facts, "applicationId")?;
            let kind = |audience: &&str| match *audience {
                audience if audience == issuer => "the issuer",
                audience if audience == application => "the application",
                audience if audience.contains("://") => "another URL",
                _ => "an id, as of an account or tenant",
            };
            let kinds: Vec<&str> = audiences.iter().map(kind).collect();
            let shape = if kinds.is_empty() { "absent".to_owned() } else { kinds.join(", ") };
            finding(shape == "the issuer", shape)
        },
    },
    Assumption {
        id: "token.connection",
        sentence: "An access token names the connection as `azp` and the application as `client_id`.",
        rests_on: "crates/protocol/src/session/stored.rs",
        decision: "",
        observed_by: "the claims of the access token",
        judge: |facts| {
            let token = access_token(facts)?;
            let connection = token.text("azp") == Some(configured(facts, "serviceClientId")?.as_str());
            let application = token.text("client_id") == Some(configured(facts, "applicationId")?.as_str());
            finding(connection && application, token.shape())
        },
    },
    Assumption {
        id: "token.jti",
        sentence: "An access token has a `jti`.",
        rests_on: "crates/access-token/src/policy.rs",
        decision: "",
        observed_by: "the claims of the access token",
        judge: |facts| match access_token(facts)?.text("jti") {
            Some(id) if id.len() <= 40 => finding(true, "a short text"),
            Some(_) => finding(true, "a text of more than 40 characters"),
            None => finding(false, "no `jti`"),
        },
    },
    Assumption {
        id: "token.lifetime",
        sentence: "An access token lasts for 24 hours.",
        rests_on: "crates/sandbox/src/tokens.rs",
        decision: "",
        observed_by: "`exp` minus `iat` of the access token",
        judge: |facts| {
            let lifetime = lifetime(&access_token(facts)?)?;
            finding(lifetime == 24 * 3600, format!("{lifetime} seconds"))
        },
    },
    Assumption {
        id: "token.expires-in",
        sentence: "`expires_in` is `exp` minus `iat` of the access token.",
        rests_on: "crates/protocol/src/session/tokens.rs",
        decision: "C6",
        observed_by: "an anonymous login at `localhost_url`",
        judge: |facts| {
            let session: Session = facts.get("localhost-session")?;
            let token = session.access_token.as_deref().and_then(Token::parse);
            let token = token.ok_or(NotObserved("there is no access token in the address".to_owned()))?;
            let (expected, lifetime) = (session.expires_in, lifetime(&token)?);
            let shape = expected.map_or("no `expires_in`".to_owned(), |s| format!("{s} and {lifetime} seconds"));
            finding(expected.is_some_and(|seconds| (seconds - lifetime).abs() <= 1), shape)
        },
    },
    Assumption {
        id: "renewal.tokens",
        sentence: "`PATCH /api/session` with a session responds with tokens in the body.",
        rests_on: "crates/protocol/src/session/renewal.rs",
        decision: "",
        observed_by: "the request with the browser's session",
        judge: |facts| {
            let response = facts.response("renewal")?;
            let body = response.json();
            let fields = body.as_object().map(|body| body.keys().map(String::as_str).collect()).unwrap_or(Vec::new());
            let shape = format!("{}, {} in the body", response.outcome(), names(fields));
            finding(response.is_success() && body.get("access_token").is_some_and(Value::is_string), shape)
        },
    },
    Assumption {
        id: "renewal.cookies",
        sentence: "`PATCH /api/session` with a session sets the cookies `user` and `authorization` again.",
        rests_on: "crates/protocol/src/session/renewal.rs",
        decision: "",
        observed_by: "the request with the browser's session",
        judge: |facts| {
            let cookies: Vec<String> = facts.get("renewal-cookies")?;
            let cookies: Vec<Cookie> = cookies.iter().filter_map(|text| Cookie::parse(text)).collect();
            let has = |name: &str| cookies.iter().any(|cookie| cookie.name == name && cookie.is_set());
            finding(has("user") && has("authorization"), shapes(&cookies))
        },
    },
    Assumption {
        id: "renewal.none",
        sentence: "`PATCH /api/session` without a session is a definite refusal: not 408, 425, 429 or a 5xx.",
        rests_on: "crates/protocol/src/session/renewal.rs",
        decision: "C7",
        observed_by: "the request in a browser without a session",
        judge: |facts| definite_refusal(facts, "renewal-none"),
    },
    Assumption {
        id: "session.end",
        sentence: "After `DELETE /api/session` the session cannot be renewed.",
        rests_on: "crates/protocol/src/logout.rs",
        decision: "",
        observed_by: "both requests, one after the other",
        judge: |facts| {
            let ended = facts.response("session-end")?;
            let renewed = facts.response("renewal-ended")?;
            let shape = format!("{}, then {}", ended.outcome(), renewed.outcome());
            finding(ended.is_success() && renewed.is_refusal(), shape)
        },
    },
    Assumption {
        id: "session.logout",
        sentence: "`/logout` with `redirect_uri` and `client_id` comes back to the page.",
        rests_on: "crates/protocol/src/logout.rs",
        decision: "",
        observed_by: "a navigation to that address",
        judge: |facts| {
            let journey = facts.journey("logout")?;
            finding(journey.returned.is_some(), journey.outcome().replace(" and without a session", ""))
        },
    },
    Assumption {
        id: "account.profile",
        sentence: "`GET /api/session/profile` has `linkedIdentities`, each with its `connection`.",
        rests_on: "crates/protocol/src/account.rs",
        decision: "",
        observed_by: "the request with the anonymous user's token",
        judge: |facts| {
            let response = facts.response("profile")?;
            let body = response.json();
            let identities = body.get("linkedIdentities").and_then(Value::as_array);
            let first = identities.and_then(|list| list.first()).and_then(Value::as_object);
            let mut shape = response.outcome();
            if let Some(first) = first {
                shape.push_str(&format!(", the first with {}", names(first.keys().map(String::as_str))));
            }
            let is_known = first.is_some_and(|first| first.get("connection").is_some_and(Value::is_object));
            finding(response.is_success() && is_known, shape)
        },
    },
    Assumption {
        id: "account.devices",
        sentence: "`GET /api/session/devices` has a list `devices`.",
        rests_on: "crates/protocol/src/account.rs",
        decision: "",
        observed_by: "the request with the anonymous user's token",
        judge: |facts| {
            let response = facts.response("devices")?;
            finding(response.json().get("devices").is_some_and(Value::is_array), response.outcome())
        },
    },
    Assumption {
        id: "account.security-key",
        sentence: "The relying party of a security key is the domain above the Authress host.",
        rests_on: "crates/protocol/src/account.rs",
        decision: "C38",
        observed_by: "nothing: see the reason",
        judge: |_| not_observed("it needs a security key: register one with `registerDevice` on your page"),
    },
    Assumption {
        id: "limits.logins",
        sentence: "Logins are limited with 429, which the client retries.",
        rests_on: "crates/protocol/src/http.rs",
        decision: "C7",
        observed_by: "any 429 that this run meets",
        judge: |facts| {
            let count: u64 = facts.get("rate-limited")?;
            let none = "this run does not flood your account, and met no 429";
            if count == 0 { not_observed(none) } else { finding(true, "429 on a login route") }
        },
    },
    Assumption {
        id: "cleanup.users",
        sentence: "`DELETE /v1/users/{id}` of the service client is accepted with 202.",
        rests_on: "crates/contract/src/statement.rs",
        decision: "",
        observed_by: "the deletion of the users that this run made",
        judge: |facts| {
            let statuses: Vec<u16> = facts.get("cleanup")?;
            let mut distinct = statuses.clone();
            distinct.sort_unstable();
            distinct.dedup();
            if distinct == [403] {
                return Err(NotObserved("403: the service client may not delete users".to_owned()));
            }
            let shown: Vec<String> = distinct.iter().map(u16::to_string).collect();
            finding(!statuses.is_empty() && distinct == [202], shown.join(", "))
        },
    },
];

fn set_cookies(facts: &Facts) -> Result<Vec<Cookie>, NotObserved> {
    let cookies: Vec<Cookie> = facts.journey("main")?.cookies().into_iter().filter(Cookie::is_set).collect();
    if cookies.is_empty() { Err(NotObserved("no cookie was set".to_owned())) } else { Ok(cookies) }
}

/// The cookie that scripts cannot read and that lasts longest.
fn session_cookie(facts: &Facts) -> Result<Cookie, NotObserved> {
    let hidden = set_cookies(facts)?.into_iter().filter(|cookie| cookie.has("httponly"));
    let hidden = hidden.filter(|cookie| cookie.name != "authorization").max_by_key(Cookie::max_age);
    hidden.ok_or(NotObserved("no HttpOnly cookie was set".to_owned()))
}

fn shapes(cookies: &[Cookie]) -> String {
    let mut shapes: Vec<String> = cookies.iter().map(Cookie::shape).collect();
    shapes.sort();
    shapes.dedup();
    shapes.join("; ")
}

fn identity(facts: &Facts) -> Result<Token, NotObserved> {
    let session: Session = facts.get("main-session")?;
    let text = session.identity.ok_or(NotObserved("the page has no identity".to_owned()))?;
    Token::parse(&text).ok_or(NotObserved("the identity is neither a JWT nor JSON".to_owned()))
}

fn lifetime(token: &Token) -> Result<i64, NotObserved> {
    let seconds = |name| token.seconds(name).ok_or(NotObserved(format!("the access token has no {name}")));
    Ok(seconds("exp")? - seconds("iat")?)
}

fn days(seconds: u64) -> String {
    if seconds.is_multiple_of(86_400) { format!("{} days", seconds / 86_400) } else { format!("{seconds} seconds") }
}

fn definite_refusal(facts: &Facts, name: &str) -> Judgement {
    let response = facts.response(name)?;
    finding(response.is_refusal() && ![408, 425, 429].contains(&response.status), response.outcome())
}
