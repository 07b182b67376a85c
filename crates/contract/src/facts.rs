//! What the browser's script has observed, as it reports it: names, responses, addresses, tokens.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::shape::{Cookie, Parameters, error_word};

/// Why something was not observed, in one sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NotObserved(pub(crate) String);

/// The observations of a run so far.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    values: BTreeMap<String, Value>,
    missing: BTreeMap<String, String>,
}

impl Facts {
    pub(crate) fn add(&mut self, name: String, value: Value) {
        self.missing.remove(&name);
        self.values.insert(name, value);
    }

    /// Records why a fact is missing. An observation is never replaced by its absence.
    pub(crate) fn add_missing(&mut self, name: String, reason: String) {
        if !self.values.contains_key(&name) {
            self.missing.insert(name, reason);
        }
    }

    pub(crate) fn get<T: DeserializeOwned>(&self, name: &str) -> Result<T, NotObserved> {
        let Some(value) = self.values.get(name) else {
            let reason = self.missing.get(name).map_or("the run stopped before it", String::as_str);
            return Err(NotObserved(reason.to_owned()));
        };
        let unreadable = |_| NotObserved(format!("the observation {name} has an unexpected form"));
        serde_json::from_value(value.clone()).map_err(unreadable)
    }

    pub(crate) fn response(&self, name: &str) -> Result<Response, NotObserved> {
        self.get(name)
    }

    pub(crate) fn journey(&self, name: &str) -> Result<Journey, NotObserved> {
        self.get(name)
    }
}

/// A response to a request of the page.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Response {
    /// 0 if a browser's check, for instance of CORS, hid the response.
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Response {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }

    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub(crate) fn is_refusal(&self) -> bool {
        (400..500).contains(&self.status)
    }

    /// Authress's `errorCode`, or OAuth's `error`.
    pub(crate) fn error_code(&self) -> Option<String> {
        let body = self.json();
        ["errorCode", "error"].iter().find_map(|name| body.get(name)?.as_str().map(error_word))
    }

    /// For instance ``400 `InvalidRequest` ``.
    pub(crate) fn outcome(&self) -> String {
        match (self.status, self.error_code()) {
            (0, _) => "no response that the page may read".to_owned(),
            (status, Some(code)) => format!("{status} `{code}`"),
            (status, None) => status.to_string(),
        }
    }
}

/// A login or link, from its start until the browser stays somewhere.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Journey {
    /// The response to `POST /api/authentication`.
    pub(crate) start: Response,
    /// The navigations after it, with their responses.
    pub(crate) hops: Vec<Hop>,
    /// The address at which the browser came back to the page.
    pub(crate) returned: Option<String>,
    /// The query of the request that reached the verifier.
    pub(crate) verifier_query: Option<String>,
    /// The signed user id that the verifier responded with.
    pub(crate) user_id: Option<String>,
}

/// One response to a navigation.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Hop {
    pub(crate) url: String,
    pub(crate) status: u16,
    pub(crate) set_cookie: Vec<String>,
}

/// How a journey ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// `POST /api/authentication` was refused.
    RefusedAtStart,
    /// The browser came back without an error.
    Completed,
    /// The browser came back with an error.
    Denied,
    /// The browser did not come back.
    Stopped,
}

impl Journey {
    pub(crate) fn ending(&self) -> Ending {
        match self.callback() {
            _ if self.start.is_refusal() => Ending::RefusedAtStart,
            None => Ending::Stopped,
            Some(callback) if callback.has("error") || callback.has("errorCode") => Ending::Denied,
            Some(_) => Ending::Completed,
        }
    }

    pub(crate) fn callback(&self) -> Option<Parameters> {
        self.returned.as_deref().and_then(Parameters::of_url)
    }

    /// How it ended, in words without a value that could be private.
    pub(crate) fn outcome(&self) -> String {
        match self.ending() {
            Ending::RefusedAtStart => format!("the start is refused: {}", self.start.outcome()),
            Ending::Completed if self.has_session() => "the login completes".to_owned(),
            Ending::Completed => "the browser comes back without an error and without a session".to_owned(),
            Ending::Denied => {
                format!("the browser comes back with {}", self.callback().unwrap_or_default().errors())
            }
            Ending::Stopped => match self.hops.last() {
                Some(hop) => format!("the browser stays at `{}`: {}", Parameters::path(&hop.url), hop.status),
                None => "the browser stays where it was".to_owned(),
            },
        }
    }

    /// Whether a login came of it: tokens or a code in the address, or cookies of a session.
    pub(crate) fn has_session(&self) -> bool {
        let in_address = |callback: Parameters| callback.has("access_token") || callback.has("code");
        let is_session =
            |cookie: &Cookie| cookie.is_set() && (cookie.has("httponly") || cookie.name == "authorization");
        self.ending() == Ending::Completed
            && (self.callback().is_some_and(in_address) || self.cookies().iter().any(is_session))
    }

    /// What `POST /api/authentication` says about the request.
    pub(crate) fn request_id(&self) -> Option<String> {
        self.start.json().get("authenticationRequestId")?.as_str().map(str::to_owned)
    }

    pub(crate) fn cookies(&self) -> Vec<Cookie> {
        self.hops.iter().flat_map(|hop| &hop.set_cookie).filter_map(|text| Cookie::parse(text)).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn journey(value: Value) -> Journey {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_missing_fact_has_its_reason_and_an_observation_wins() {
        let mut facts = Facts::default();
        assert!(facts.response("a").unwrap_err().0.contains("stopped"));
        facts.add_missing("a".to_owned(), "needs a person".to_owned());
        assert_eq!(facts.response("a").unwrap_err().0, "needs a person");
        facts.add("a".to_owned(), json!({ "status": 404 }));
        facts.add_missing("a".to_owned(), "late".to_owned());
        assert_eq!(facts.response("a").unwrap().status, 404);
    }

    #[test]
    fn each_way_to_end_is_distinguished() {
        let refused = journey(json!({ "start": { "status": 400, "body": "{\"errorCode\":\"InvalidConnection\"}" } }));
        assert_eq!(refused.outcome(), "the start is refused: 400 `InvalidConnection`");
        let done = journey(json!({ "returned": "https://p/?nonce=N&access_token=T" }));
        assert_eq!(done.outcome(), "the login completes");
        let denied = journey(json!({ "returned": "https://p/?nonce=N&error=access_denied&errorCode=UserCancelled" }));
        assert_eq!(denied.outcome(), "the browser comes back with `error=access_denied`, `errorCode=UserCancelled`");
        let stopped = journey(json!({ "hops": [{ "url": "https://l/login?code=SECRET&state=S", "status": 400 }] }));
        assert_eq!(stopped.outcome(), "the browser stays at `/login`: 400");
    }
}
