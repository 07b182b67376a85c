//! Linking: from an anonymous user id to a customer.

use serde::Deserialize;
use serde_json::Value;

use super::assumption::{Assumption, finding, not_observed};
use super::observed::{configured, denial};
use crate::facts::{Ending, Journey};
use crate::shape::{Token, error_word};

/// A link that a person completed.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Linked {
    journey: Journey,
    access_token_before: Option<String>,
    access_token_after: Option<String>,
    /// What `getLinkResult` says.
    result: Value,
}

pub(super) const LIST: &[Assumption] = &[
    Assumption {
        id: "link.start",
        sentence: "An anonymous user may start a link to the test connection.",
        rests_on: "crates/client/src/flows/mod.rs",
        decision: "",
        observed_by: "`linkIdentity` with `connection.id`",
        judge: |facts| {
            let journey = facts.journey("link-start")?;
            let shape = if journey.start.is_success() { "the start is accepted".to_owned() } else { journey.outcome() };
            finding(journey.start.is_success(), shape)
        },
    },
    Assumption {
        id: "link.off",
        sentence: "A link to a connection whose linking is off is refused when it starts.",
        rests_on: "crates/protocol/src/callback/login_result.rs",
        decision: "C43",
        observed_by: "`linkIdentity` with `connection.linking_off_id`",
        judge: |facts| {
            let journey = facts.journey("link-off")?;
            let shape = if journey.start.is_success() { "the start is accepted".to_owned() } else { journey.outcome() };
            finding(journey.ending() == Ending::RefusedAtStart, shape)
        },
    },
    Assumption {
        id: "link.service-client",
        sentence: "A link to the service client's own connection is refused.",
        rests_on: "crates/sandbox/src/endpoints/authentication.rs",
        decision: "",
        observed_by: "`linkIdentity` with the service client's id",
        judge: |facts| {
            let journey = facts.journey("link-service-client")?;
            let shape = if journey.start.is_success() { "the start is accepted".to_owned() } else { journey.outcome() };
            finding(journey.ending() == Ending::RefusedAtStart, shape)
        },
    },
    Assumption {
        id: "link.user-id",
        sentence: "After a link the user id is the same, and `azp` is the connection that was asked for.",
        rests_on: "crates/protocol/src/callback/login_result.rs",
        decision: "C45",
        observed_by: "a person signs in at the provider with an account that never signed in here",
        judge: |facts| {
            let linked: Linked = facts.get("link")?;
            let token = |text: &Option<String>| text.as_deref().and_then(Token::parse);
            let user = |text| token(text).and_then(|token| token.text("sub").map(str::to_owned));
            let is_same = user(&linked.access_token_before).is_some()
                && user(&linked.access_token_before) == user(&linked.access_token_after);
            let connection = configured(facts, "connectionId")?;
            let is_asked =
                token(&linked.access_token_after).is_some_and(|token| token.text("azp") == Some(&connection));
            let outcome = linked.result.get("status").and_then(Value::as_str);
            let shape = format!(
                "{}; {} user id, {} `azp`; the client says `{}`",
                linked.journey.outcome(),
                if is_same { "the same" } else { "another" },
                if is_asked { "the connection as" } else { "another" },
                error_word(outcome.unwrap_or("nothing"))
            );
            finding(is_same && is_asked, shape)
        },
    },
    Assumption {
        id: "link.owned",
        sentence: "A link of an identity that belongs to another user comes back with `error`.",
        rests_on: "crates/protocol/src/callback/login_result.rs",
        decision: "C43",
        observed_by: "a person signs in at the provider with an account that has signed in here before",
        judge: |facts| denial(facts, "link-owned"),
    },
    Assumption {
        id: "link.cancelled",
        sentence: "A link that the shopper cancels at the provider comes back with `error`.",
        rests_on: "crates/protocol/src/callback/login_result.rs",
        decision: "C43",
        observed_by: "a person cancels at the provider",
        judge: |facts| denial(facts, "link-cancelled"),
    },
    Assumption {
        id: "link.last-identity",
        sentence: "The last identity of an account cannot be unlinked.",
        rests_on: "crates/protocol/src/account.rs",
        decision: "C45",
        observed_by: "nothing: see the reason",
        judge: |_| not_observed("it would take an identity from an account: try `unlinkIdentity` with a test account"),
    },
];
