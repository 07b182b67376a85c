//! The callback: how the browser comes back to the page.

use super::assumption::{Assumption, finding, not_observed};
use super::observed::{callback_of, configured};
use crate::facts::{Journey, Response};
use crate::shape::{Parameters, names};

pub(super) const LIST: &[Assumption] = &[
    Assumption {
        id: "callback.nonce",
        sentence: "The callback has the id of the authentication request as `nonce`.",
        rests_on: "crates/protocol/src/callback_url.rs",
        decision: "",
        observed_by: "the address at which the browser comes back",
        judge: |facts| {
            let main = facts.journey("main")?;
            let callback = callback_of(&main)?;
            let nonce = callback.get("nonce").map(str::to_owned);
            finding(nonce.is_some() && nonce == main.request_id(), names(callback.names()))
        },
    },
    Assumption {
        id: "callback.issuer",
        sentence: "The callback has `iss`, which is the host that the page uses.",
        rests_on: "crates/protocol/src/callback/decision.rs",
        decision: "C16",
        observed_by: "the address at which the browser comes back",
        judge: |facts| {
            let callback = callback_of(&facts.journey("main")?)?;
            let host = configured(facts, "authressApiUrl")?;
            match callback.get("iss") {
                None => finding(false, "no `iss`"),
                Some(iss) if iss == host => finding(true, "the host that the page uses"),
                Some(iss) if iss.trim_end_matches('/') == host => finding(true, "that host, with a slash"),
                Some(_) => finding(false, "another host"),
            }
        },
    },
    Assumption {
        id: "callback.query-kept",
        sentence: "The redirect URL's own query is kept, and the callback's parameters are appended to it.",
        rests_on: "crates/protocol/src/callback_url.rs",
        decision: "C18",
        observed_by: "a login whose redirect URL has the parameter `keep`",
        judge: |facts| {
            let callback = callback_of(&facts.journey("main")?)?;
            finding(callback.names().first() == Some(&"keep"), names(callback.names()))
        },
    },
    Assumption {
        id: "callback.foreign-parameters",
        sentence: "Parameters of a callback that already stand in the redirect URL are returned as they are.",
        rests_on: "crates/protocol/src/callback_url.rs",
        decision: "C18",
        observed_by: "nothing: see the reason",
        judge: |_| not_observed("the login client removes them before it sends the redirect URL"),
    },
    Assumption {
        id: "callback.localhost",
        sentence: "On localhost the tokens come in the query.",
        rests_on: "crates/protocol/src/callback/decision.rs",
        decision: "C15",
        observed_by: "an anonymous login at `localhost_url`",
        judge: |facts| {
            let callback = callback_of(&facts.journey("localhost")?)?;
            let holds = ["access_token", "id_token", "expires_in"].iter().all(|name| callback.has(name));
            finding(holds, names(callback.names().into_iter().filter(|name| *name != "session_token")))
        },
    },
    Assumption {
        id: "callback.session-token",
        sentence: "On localhost there is no `session_token`, from which a session could be continued.",
        rests_on: "crates/protocol/src/callback_url.rs",
        decision: "",
        observed_by: "an anonymous login at `localhost_url`",
        judge: |facts| {
            let callback = callback_of(&facts.journey("localhost")?)?;
            let has = callback.has("session_token");
            finding(!has, if has { "a `session_token`" } else { "no `session_token`" })
        },
    },
    Assumption {
        id: "callback.code",
        sentence: "`flowType: code` brings a code: in the query, or in the cookie `auth-code` and `code=cookie`.",
        rests_on: "crates/protocol/src/callback/exchange.rs",
        decision: "",
        observed_by: "an anonymous login with `flowType: code`",
        judge: |facts| {
            let journey = facts.journey("code")?;
            let shape = code_in(&journey, &callback_of(&journey)?);
            finding(!shape.contains("no ") && !shape.contains("without"), shape)
        },
    },
    Assumption {
        id: "callback.background",
        sentence: "An authentication URL that is followed in the background (`Sec-Fetch-Mode: no-cors`) ends with the \
                   code in the cookie.",
        rests_on: "crates/client/src/flows/background.rs",
        decision: "C53",
        observed_by: "`fetch` of an `authenticationUrl` with `flowType: code`, and the cookies that the page can read",
        judge: |facts| {
            let journey = facts.journey("background")?;
            let readable: Vec<String> = facts.get("background-cookies")?;
            let Some(callback) = journey.callback() else { return finding(false, journey.outcome()) };
            let shape = code_in(&journey, &callback);
            if shape != CODE_IN_COOKIE {
                return finding(false, shape);
            }
            let is_readable = readable.iter().any(|name| name == AUTH_CODE);
            finding(is_readable, format!("{shape}, which the page {} read", if is_readable { "can" } else { "cannot" }))
        },
    },
    Assumption {
        id: "callback.code-once",
        sentence: "A code is exchanged once; the second exchange is refused with 400.",
        rests_on: "crates/protocol/src/callback/exchange.rs",
        decision: "C21",
        observed_by: "the login client's exchange, sent again",
        judge: |facts| {
            let first = facts.response("code-exchange")?;
            let second = facts.response("code-exchange-again")?;
            let shape = format!("first {}, then {}", first.outcome(), second.outcome());
            finding(first.is_success() && second.status == 400, shape)
        },
    },
    Assumption {
        id: "callback.wrong-code",
        sentence: "A code of another login is refused with 400.",
        rests_on: "crates/protocol/src/callback/exchange.rs",
        decision: "C21",
        observed_by: "an exchange with an invented code",
        judge: |facts| {
            let response: Response = facts.response("wrong-code")?;
            finding(response.status == 400, response.outcome())
        },
    },
];

const AUTH_CODE: &str = "auth-code";
const CODE_IN_COOKIE: &str = "`code=cookie` and the cookie `auth-code`";

/// Where a callback has its code.
fn code_in(journey: &Journey, callback: &Parameters) -> &'static str {
    match callback.get("code") {
        Some("cookie") if journey.cookies().iter().any(|cookie| cookie.name == AUTH_CODE) => CODE_IN_COOKIE,
        Some("cookie") => "`code=cookie` without a cookie `auth-code`",
        Some(_) => "`code` in the query",
        None => "no `code`",
    }
}
