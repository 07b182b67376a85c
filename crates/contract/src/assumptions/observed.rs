//! Observations that several groups of assumptions read.

use serde::Deserialize;
use serde_json::Value;

use super::assumption::{Judgement, finding};
use crate::facts::{Facts, Journey, NotObserved};
use crate::shape::{Parameters, Token};

/// What the page has after the anonymous login.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Session {
    /// Of a cookie or of the address.
    pub(super) access_token: Option<String>,
    /// The value of the cookie `user`, or the `id_token` of the address.
    pub(super) identity: Option<String>,
    /// In seconds, if the address had it.
    pub(super) expires_in: Option<i64>,
    /// Whether the login client shows a session.
    pub(super) client_has_session: bool,
    /// The client's error code, if a method failed.
    pub(super) client_error: Option<String>,
    /// The names of the cookies that scripts of the page can read.
    pub(super) readable_cookies: Vec<String>,
}

/// A setting of the run.
pub(super) fn configured(facts: &Facts, name: &str) -> Result<String, NotObserved> {
    let config: Value = facts.get("config")?;
    Ok(config.get(name).and_then(Value::as_str).unwrap_or_default().to_owned())
}

/// The access token of the anonymous login, if it is a JWT that the page may read.
pub(super) fn access_token(facts: &Facts) -> Result<Token, NotObserved> {
    let session: Session = facts.get("main-session")?;
    let text = session.access_token.ok_or(NotObserved("the page cannot read the access token".to_owned()))?;
    Token::parse(&text).ok_or(NotObserved("the access token is opaque".to_owned()))
}

pub(super) fn callback_of(journey: &Journey) -> Result<Parameters, NotObserved> {
    journey.callback().ok_or_else(|| NotObserved(format!("the browser did not come back: {}", journey.outcome())))
}

/// The callback of a login or link with an error, for those that are expected to be denied.
pub(super) fn denial(facts: &Facts, name: &str) -> Judgement {
    let journey = facts.journey(name)?;
    finding(journey.callback().is_some_and(|callback| callback.has("error")), journey.outcome())
}
