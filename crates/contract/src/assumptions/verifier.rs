//! The verifier: the request that reaches it, and which statements Authress accepts.

use super::assumption::{Assumption, Judgement, finding, not_observed};
use super::observed::configured;
use crate::facts::{Ending, Facts, NotObserved};
use crate::shape::{Parameters, names};

pub(super) const LIST: &[Assumption] = &[
    Assumption {
        id: "verifier.query",
        sentence: "The request to the verifier has `state` and `redirect_uri`, and no parameter twice.",
        rests_on: "crates/verifier/src/decision/login_request.rs",
        decision: "",
        observed_by: "the query that reaches the Authorization Url",
        judge: |facts| {
            let query = query(facts)?;
            let holds = query.has("state") && query.has("redirect_uri") && !query.has_duplicates();
            finding(holds, names(query.names()))
        },
    },
    Assumption {
        id: "verifier.client-id",
        sentence: "The request to the verifier names the service client as `client_id`.",
        rests_on: "crates/verifier/src/decision/login_request.rs",
        decision: "",
        observed_by: "the query that reaches the Authorization Url",
        judge: |facts| {
            let client = configured(facts, "serviceClientId")?;
            match query(facts)?.get("client_id") {
                None => finding(false, "no `client_id`"),
                Some(id) if id == client => finding(true, "the service client's id"),
                Some(_) => finding(false, "another `client_id`"),
            }
        },
    },
    Assumption {
        id: "verifier.redirect-uri",
        sentence: "Its `redirect_uri` is `/login` of the host that the page uses.",
        rests_on: "crates/verifier/src/decision/redirect.rs",
        decision: "V1",
        observed_by: "the query that reaches the Authorization Url",
        judge: |facts| redirect_uri(&query(facts)?, &configured(facts, "authressApiUrl")?),
    },
    Assumption {
        id: "verifier.redirect-uri-default-host",
        sentence: "For a login at the account's default host, `redirect_uri` is `/login` of that host.",
        rests_on: "crates/verifier/src/decision/redirect.rs",
        decision: "V1",
        observed_by: "an anonymous login at `default_host`",
        judge: |facts| {
            let query = facts.journey("default-host")?.verifier_query;
            let query = query.ok_or(NotObserved("no request reached the verifier".to_owned()))?;
            redirect_uri(&Parameters::of_query(&query), &configured(facts, "defaultHost")?)
        },
    },
    Assumption {
        id: "verifier.statement",
        sentence: "A fresh statement of the verifier's form, valid for 60 seconds, is accepted.",
        rests_on: "crates/verifier/src/decision/authorization_request.rs",
        decision: "V2",
        observed_by: "an anonymous login",
        judge: |facts| accepted(facts, "main"),
    },
    Assumption {
        id: "verifier.statement-expired",
        sentence: "A statement that is 61 seconds old and was valid for 60 is refused.",
        rests_on: "crates/verifier/src/decision/authorization_request.rs",
        decision: "V2",
        observed_by: "a login with such a statement",
        judge: |facts| refused(facts, "statement-expired"),
    },
    Assumption {
        id: "verifier.statement-hour",
        sentence: "A statement that is 61 seconds old and valid for an hour, as the newest SDK signs them, is accepted.",
        rests_on: "crates/sandbox/src/model/service_client.rs",
        decision: "",
        observed_by: "a login with such a statement",
        judge: |facts| accepted(facts, "statement-hour"),
    },
    Assumption {
        id: "verifier.statement-hour-expired",
        sentence: "A statement that is 3,601 seconds old and was valid for an hour is refused.",
        rests_on: "crates/sandbox/src/model/service_client.rs",
        decision: "",
        observed_by: "a login with such a statement",
        judge: |facts| refused(facts, "statement-hour-expired"),
    },
    Assumption {
        id: "verifier.state-once",
        sentence: "A `state` that was answered once is refused a second time.",
        rests_on: "crates/verifier/src/used_states.rs",
        decision: "V5",
        observed_by: "a second statement, with another user id, for a completed login",
        judge: |facts| refused(facts, "state-twice"),
    },
    Assumption {
        id: "verifier.statement-once",
        sentence: "Launch condition: a statement is accepted for one login only.",
        rests_on: "docs/threat-model.md",
        decision: "",
        observed_by: "the statement of a completed login, with the `state` of a later one",
        judge: |facts| refused(facts, "statement-twice"),
    },
    Assumption {
        id: "login.bound-to-browser",
        sentence: "Launch condition: `/login` completes a login only in the browser that began it.",
        rests_on: "docs/threat-model.md",
        decision: "",
        observed_by: "a login that begins in one profile and goes on in another",
        judge: |facts| refused(facts, "other-browser"),
    },
    Assumption {
        id: "verifier.user-id-64",
        sentence: "A user id of 64 characters is accepted.",
        rests_on: "crates/verifier/src/decision/user_id.rs",
        decision: "V3",
        observed_by: "an anonymous login with such an id",
        judge: |facts| accepted(facts, "user-id-64"),
    },
    Assumption {
        id: "verifier.user-id-65",
        sentence: "A user id of 65 characters is accepted.",
        rests_on: "crates/sandbox/src/model/service_client.rs",
        decision: "",
        observed_by: "an anonymous login with such an id",
        judge: |facts| accepted(facts, "user-id-65"),
    },
    Assumption {
        id: "verifier.user-id-128",
        sentence: "A user id of 128 characters is accepted.",
        rests_on: "crates/sandbox/src/model/service_client.rs",
        decision: "",
        observed_by: "an anonymous login with such an id",
        judge: |facts| accepted(facts, "user-id-128"),
    },
    Assumption {
        id: "verifier.user-id-129",
        sentence: "A user id of 129 characters is refused.",
        rests_on: "crates/sandbox/src/model/service_client.rs",
        decision: "",
        observed_by: "an anonymous login with such an id",
        judge: |facts| refused(facts, "user-id-129"),
    },
    Assumption {
        id: "verifier.user-id-punctuation",
        sentence: "A user id with `|`, `/`, `:` and `@` is accepted.",
        rests_on: "crates/sandbox/src/model/service_client.rs",
        decision: "",
        observed_by: "an anonymous login with such an id",
        judge: |facts| accepted(facts, "user-id-punctuation"),
    },
    Assumption {
        id: "verifier.user-id-letters",
        sentence: "A user id with letters outside of ASCII is refused.",
        rests_on: "crates/sandbox/src/model/service_client.rs",
        decision: "",
        observed_by: "an anonymous login with such an id",
        judge: |facts| refused(facts, "user-id-letters"),
    },
    Assumption {
        id: "verifier.refusal",
        sentence: "When the verifier responds with 403, the browser stays at the verifier's page.",
        rests_on: "crates/verifier/src/http/error_response.rs",
        decision: "",
        observed_by: "a login to which the verifier responds with 403",
        judge: |facts| {
            let journey = facts.journey("verifier-403")?;
            finding(journey.ending() == Ending::Stopped, journey.outcome())
        },
    },
    Assumption {
        id: "verifier.error-response",
        sentence: "When the verifier redirects back with `error`, the page gets an `error`.",
        rests_on: "crates/protocol/src/callback/login_result.rs",
        decision: "",
        observed_by: "a login to which the verifier responds with `error=access_denied`",
        judge: |facts| {
            let journey = facts.journey("verifier-error")?;
            finding(journey.ending() == Ending::Denied, journey.outcome())
        },
    },
    Assumption {
        id: "verifier.key-propagation",
        sentence: "A new access key is accepted everywhere after five minutes.",
        rests_on: "crates/verifier/src/decision/decide.rs",
        decision: "V6",
        observed_by: "nothing: see the reason",
        judge: |_| not_observed("it needs a second access key: create one, and run this again with it within a minute"),
    },
];

fn query(facts: &Facts) -> Result<Parameters, NotObserved> {
    let query = match facts.get::<String>("recorded-query") {
        Ok(recorded) => Some(recorded),
        Err(_) => facts.journey("main")?.verifier_query,
    };
    query.map(|query| Parameters::of_query(&query)).ok_or(NotObserved("no request reached the verifier".to_owned()))
}

fn redirect_uri(query: &Parameters, host: &str) -> Judgement {
    let expected = format!("{host}/login");
    match query.get("redirect_uri") {
        None => finding(false, "no `redirect_uri`"),
        Some(uri) if uri == expected => finding(true, "`/login` of that host"),
        Some(uri) if uri.starts_with(host) => finding(false, format!("`{}` of that host", Parameters::path(uri))),
        Some(uri) => finding(false, format!("`{}` of another host", Parameters::path(uri))),
    }
}

fn accepted(facts: &Facts, name: &str) -> Judgement {
    let journey = facts.journey(name)?;
    finding(journey.has_session(), journey.outcome())
}

fn refused(facts: &Facts, name: &str) -> Judgement {
    let journey = facts.journey(name)?;
    finding(!journey.has_session(), journey.outcome())
}
