//! How a login starts: requests, errors, CORS, keys.

use serde_json::Value;
use url::Url;

use super::assumption::{Assumption, Judgement, finding, not_observed};
use super::observed::{access_token, configured};
use crate::facts::{Ending, Facts};
use crate::shape::{names, type_of};

pub(super) const LIST: &[Assumption] = &[
    Assumption {
        id: "start.response",
        sentence: "The response to `POST /api/authentication` has `authenticationUrl` and `authenticationRequestId`.",
        rests_on: "crates/protocol/src/authorization/request.rs",
        decision: "",
        observed_by: "the login client starts an anonymous login",
        judge: |facts| {
            let body = facts.journey("main")?.start.json();
            let fields = ["authenticationUrl", "authenticationRequestId", "enableCredentials"];
            let shape: Vec<String> = fields
                .iter()
                .map(|name| format!("`{name}` is {}", type_of(body.get(name).unwrap_or(&Value::Null))))
                .collect();
            finding(fields.iter().take(2).all(|name| body.get(name).is_some_and(Value::is_string)), shape.join(", "))
        },
    },
    Assumption {
        id: "start.other-host",
        sentence: "The `authenticationUrl` is on another host name than the page, so the browser is sent there.",
        rests_on: "crates/protocol/src/authorization/request.rs",
        decision: "C29",
        observed_by: "the login client starts an anonymous login",
        judge: |facts| {
            let body = facts.journey("main")?.start.json();
            let host = |url: &str| Url::parse(url).ok()?.host_str().map(str::to_owned);
            let login = body.get("authenticationUrl").and_then(Value::as_str).and_then(host);
            let page = host(&configured(facts, "pageUrl")?);
            finding(
                login.is_some() && login != page,
                if login == page { "the page's own host" } else { "another host" },
            )
        },
    },
    Assumption {
        id: "start.proof-of-work-checked",
        sentence: "A wrong proof of work is refused with 400 or 422.",
        rests_on: "crates/protocol/src/authorization/proof_of_work.rs",
        decision: "C28",
        observed_by: "a start whose `antiAbuseHash` has another last character",
        judge: |facts| {
            let response = facts.response("proof-wrong")?;
            finding([400, 422].contains(&response.status), response.outcome())
        },
    },
    Assumption {
        id: "start.proof-of-work-once",
        sentence: "A proof of work is accepted once, so a repeated start cannot take effect twice.",
        rests_on: "crates/client/src/requests.rs",
        decision: "C26",
        observed_by: "the body of an accepted start, sent again",
        judge: |facts| {
            let response = facts.response("proof-twice")?;
            finding(response.is_refusal(), response.outcome())
        },
    },
    Assumption {
        id: "start.proof-of-work-age",
        sentence: "A proof of work is accepted for five minutes.",
        rests_on: "crates/protocol/src/authorization/proof_of_work.rs",
        decision: "C44",
        observed_by: "nothing: see the reason",
        judge: |_| {
            not_observed("the login client always computes a fresh one; compare with a device whose clock is wrong")
        },
    },
    Assumption {
        id: "start.redirect-url",
        sentence: "A redirect URL that is not registered is refused when the login starts.",
        rests_on: "crates/sandbox/src/model/application.rs",
        decision: "",
        observed_by: "a login with another redirect URL",
        judge: |facts| refused_at_start(facts, "unregistered-redirect"),
    },
    Assumption {
        id: "start.audience",
        sentence: "An audience that is not registered for the application is refused when the login starts.",
        rests_on: "crates/sandbox/src/endpoints/authentication.rs",
        decision: "",
        observed_by: "a login with another audience",
        judge: |facts| refused_at_start(facts, "unregistered-audience"),
    },
    Assumption {
        id: "start.tenant",
        sentence: "An unknown tenant is refused when the login starts.",
        rests_on: "crates/sandbox/src/endpoints/authentication.rs",
        decision: "",
        observed_by: "a login with an invented `tenantLookupIdentifier`",
        judge: |facts| refused_at_start(facts, "unknown-tenant"),
    },
    Assumption {
        id: "start.request-lifetime",
        sentence: "A login may take five minutes by default and an hour at most.",
        rests_on: "crates/protocol/src/authorization/pending.rs",
        decision: "C14",
        observed_by: "a login that the verifier answers after five and a half minutes (`--slow`)",
        judge: |facts| {
            let journey = facts.journey("login-expired")?;
            finding(!journey.has_session(), journey.outcome())
        },
    },
    Assumption {
        id: "errors.body",
        sentence: "An error's body has `title` and `errorCode`.",
        rests_on: "crates/protocol/src/error.rs",
        decision: "C34",
        observed_by: "a start without any field",
        judge: |facts| {
            let body = facts.response("invalid-start")?.json();
            let fields = body.as_object().map(|body| body.keys().map(String::as_str).collect()).unwrap_or(Vec::new());
            finding(body.get("title").is_some() && body.get("errorCode").is_some(), names(fields))
        },
    },
    Assumption {
        id: "errors.invalid-start",
        sentence: "A start without any field is refused with 400 or 422.",
        rests_on: "crates/client/src/requests.rs",
        decision: "C28",
        observed_by: "a start without any field",
        judge: |facts| invalid(facts, "invalid-start"),
    },
    Assumption {
        id: "errors.invalid-device",
        sentence: "The registration of a device without any field is refused with 400 or 422.",
        rests_on: "crates/protocol/src/account.rs",
        decision: "",
        observed_by: "`POST /api/session/devices` with an empty object",
        judge: |facts| invalid(facts, "invalid-device"),
    },
    Assumption {
        id: "errors.no-token",
        sentence: "The account's requests without a token and without a session are refused with 401 or 403.",
        rests_on: "crates/protocol/src/account.rs",
        decision: "",
        observed_by: "`GET /api/session/profile` in a browser without a session",
        judge: |facts| {
            let response = facts.response("profile-none")?;
            finding([401, 403].contains(&response.status), response.outcome())
        },
    },
    Assumption {
        id: "cors.credentials",
        sentence: "Responses allow the page's origin, with credentials.",
        rests_on: "crates/protocol/src/page.rs",
        decision: "",
        observed_by: "the headers of the response to a start",
        judge: |facts| {
            let headers = facts.journey("main")?.start.headers;
            let header = |name: &str| headers.get(name).map(String::as_str);
            let page = Url::parse(&configured(facts, "pageUrl")?).map(|url| url.origin().ascii_serialization());
            let origin = match header("access-control-allow-origin") {
                None => "no `Access-Control-Allow-Origin`",
                Some("*") => "every origin",
                Some(origin) if Some(origin) == page.as_deref().ok() => "the page's origin",
                Some(_) => "another origin",
            };
            let credentials = header("access-control-allow-credentials") == Some("true");
            let shape = format!("{origin}, {} credentials", if credentials { "with" } else { "without" });
            finding(origin == "the page's origin" && credentials, shape)
        },
    },
    Assumption {
        id: "cors.requests",
        sentence: "Pages may send `POST`, `PATCH` and `DELETE` with `Authorization`, `Content-Type` and `X-Powered-By`.",
        rests_on: "crates/protocol/src/http.rs",
        decision: "",
        observed_by: "the status of the client's own requests: 0 where the browser refuses one",
        judge: |facts| {
            let methods = [
                ("POST", facts.journey("main")?.start),
                ("PATCH", facts.response("renewal")?),
                ("DELETE", facts.response("session-end")?),
                ("GET", facts.response("profile")?),
            ];
            let hidden: Vec<&str> =
                methods.iter().filter(|(_, response)| response.status == 0).map(|(method, _)| *method).collect();
            let shape = if hidden.is_empty() {
                "all pass".to_owned()
            } else {
                format!("the browser refuses {}", names(hidden.iter().copied()))
            };
            finding(hidden.is_empty(), shape)
        },
    },
    Assumption {
        id: "cors.date",
        sentence: "Pages may not read the `Date` of responses.",
        rests_on: "crates/protocol/src/clock.rs",
        decision: "C28",
        observed_by: "`Access-Control-Expose-Headers` of the response to a start",
        judge: |facts| {
            let headers = facts.journey("main")?.start.headers;
            let exposed = headers.get("access-control-expose-headers").map(String::as_str).unwrap_or_default();
            let shown: Vec<&str> = exposed.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
            let has_date = shown.iter().any(|name| name.eq_ignore_ascii_case("date") || *name == "*");
            finding(!has_date, format!("exposed headers: {}", names(shown)))
        },
    },
    Assumption {
        id: "keys.without-kid",
        sentence: "The JWKS without `?kid=` has the key of the access token.",
        rests_on: "crates/access-token/src/issuer_keys/mod.rs",
        decision: "A2",
        observed_by: "`{issuer}/.well-known/openid-configuration/jwks` and the `kid` of an access token",
        judge: |facts| {
            let response = facts.response("jwks")?;
            let body = response.json();
            let keys = body.get("keys").and_then(Value::as_array).cloned().unwrap_or_default();
            let kid = access_token(facts)?.header.get("kid").cloned().unwrap_or_default();
            let has_key = keys.iter().any(|key| key.get("kid") == Some(&kid));
            let shape = format!("{}, {}", response.status, if has_key { "with the key" } else { "without the key" });
            finding(response.is_success() && has_key, shape)
        },
    },
    Assumption {
        id: "keys.padding",
        sentence: "Public keys in the JWKS are base64url without padding.",
        rests_on: "crates/jws/src/jwk.rs",
        decision: "A1",
        observed_by: "the members `x` and `n` of the JWKS",
        judge: |facts| {
            let body = facts.response("jwks")?.json();
            let keys = body.get("keys").and_then(Value::as_array).cloned().unwrap_or_default();
            let mut texts =
                keys.iter().flat_map(|key| ["x", "n"].map(|name| key.get(name).and_then(Value::as_str))).flatten();
            let mut types: Vec<&str> = keys.iter().filter_map(|key| key.get("kty")?.as_str()).collect();
            types.dedup();
            finding(
                !keys.is_empty() && texts.all(|text| !text.contains(['=', '+', '/'])),
                format!("key types {}", names(types)),
            )
        },
    },
    Assumption {
        id: "keys.service-client",
        sentence: "The service client's keys are at `/v1/clients/{id}/.well-known/openid-configuration/jwks`.",
        rests_on: "crates/access-token/src/policy.rs",
        decision: "",
        observed_by: "a request to that address",
        judge: |facts| {
            let response = facts.response("service-client-jwks")?;
            let has_keys = response.json().get("keys").is_some_and(Value::is_array);
            finding(response.is_success() && has_keys, response.outcome())
        },
    },
];

fn refused_at_start(facts: &Facts, name: &str) -> Judgement {
    let journey = facts.journey(name)?;
    finding(journey.ending() == Ending::RefusedAtStart, start_outcome(&journey))
}

fn start_outcome(journey: &crate::facts::Journey) -> String {
    if journey.start.is_success() { "the start is accepted".to_owned() } else { journey.outcome() }
}

fn invalid(facts: &Facts, name: &str) -> Judgement {
    let response = facts.response(name)?;
    finding([400, 422].contains(&response.status), response.outcome())
}
