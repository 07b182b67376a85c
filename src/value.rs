//! What the client answers, as JavaScript objects.

use authress_login_protocol::{
    authenticate::Started, jwt::UnverifiedClaims, login_result::LoginResult, state::Snapshot, web_url::WebUrl,
};
use js_sys::{JSON, Object, Reflect};
use serde::Serialize;
use wasm_bindgen::JsValue;

/// Claims as an object, with `userId`, and with the `exp` that counts.
pub(crate) fn identity(claims: &UnverifiedClaims) -> JsValue {
    let Ok(identity) = JSON::parse(claims.text()) else { return JsValue::NULL };
    let _ = Reflect::set(&identity, &"userId".into(), &claims.subject().into());
    if let Some(until) = claims.usable_until() {
        let _ = Reflect::set(&identity, &"exp".into(), &(until as f64).into());
    }
    identity
}

/// `{status, userIdentity}`.
pub(crate) fn snapshot(snapshot: &Snapshot) -> JsValue {
    let (status, user_identity) = match snapshot {
        Snapshot::Checking => ("checking", JsValue::NULL),
        Snapshot::SignedIn(claims) => ("signed-in", identity(claims)),
        Snapshot::SignedOut => ("signed-out", JsValue::NULL),
    };
    object([("status", status.into()), ("userIdentity", user_identity)])
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    authentication_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authentication_request_id: Option<&'a str>,
}

/// What Authress answered to a login that has begun.
pub(crate) fn started(started: &Started) -> JsValue {
    written(&Answer {
        authentication_url: started.authentication_url.as_ref().map(WebUrl::as_str),
        authentication_request_id: started.authentication_request_id.as_deref(),
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultView<'a> {
    status: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_code: Option<&'a str>,
}

/// What a login or link came to.
pub(crate) fn login_result(result: &LoginResult) -> JsValue {
    written(&ResultView {
        status: result.status.as_str(),
        connection_id: result.connection_id.as_deref(),
        user_id: result.user_id.as_deref(),
        server_code: result.server_code.as_deref(),
    })
}

/// An object of these members.
pub(crate) fn object<const N: usize>(members: [(&str, JsValue); N]) -> JsValue {
    let object = Object::new();
    for (name, value) in members {
        let _ = Reflect::set(&object, &name.into(), &value);
    }
    object.into()
}

fn written(value: &impl Serialize) -> JsValue {
    serde_wasm_bindgen::to_value(value).unwrap_or(JsValue::NULL)
}
