//! The results of methods, as JavaScript objects.

use authress_login_protocol::{
    authorization::request::AuthenticationResponse,
    callback::login_result::{LoginResult, LoginStatus, Purpose},
    error::ErrorCode,
    jwt::UnverifiedClaims,
    session::{origin, stored::Session},
    state::{Event, Snapshot},
    web_url::WebUrl,
};
use js_sys::{JSON, Object, Reflect};
use wasm_bindgen::JsValue;

/// The claims of a session as an object, with `userId`, `isAnonymous`, `sessionOrigin`, and the `exp` that counts.
pub(crate) fn user_identity(session: &Session) -> JsValue {
    let identity = identity(&session.identity);
    if identity.is_object() {
        let _ = Reflect::set(&identity, &"isAnonymous".into(), &session.is_anonymous.into());
        let _ = Reflect::set(&identity, &origin::MEMBER.into(), &session.origin.as_str().into());
    }
    identity
}

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
        Snapshot::SignedIn(session) => {
            (if session.is_anonymous { "anonymous" } else { "signed-in" }, user_identity(session))
        }
        Snapshot::SignedOut => ("signed-out", JsValue::NULL),
    };
    object([("status", status.into()), ("userIdentity", user_identity)])
}

/// The name of an event, `SessionEvent.type` in `pkg/types/session.d.ts`.
pub(crate) fn event_name(event: &Event) -> &'static str {
    match event {
        Event::Ready => "ready",
        Event::SignedIn => "signed-in",
        Event::TokenRenewed => "token-renewed",
        Event::SignedOut => "signed-out",
        Event::LoginEnded(result) => match (result.purpose, result.status) {
            (Purpose::Login, LoginStatus::SignedIn | LoginStatus::Linked) => "login-completed",
            (Purpose::Login, LoginStatus::Cancelled) => "login-cancelled",
            (Purpose::Login, LoginStatus::AlreadyOwned | LoginStatus::Failed) => "login-refused",
            (Purpose::Link, LoginStatus::Linked | LoginStatus::SignedIn) => "link-completed",
            (Purpose::Link, LoginStatus::Cancelled) => "link-cancelled",
            (Purpose::Link, LoginStatus::AlreadyOwned | LoginStatus::Failed) => "link-refused",
        },
    }
}

/// Authress's response to an authorization request.
pub(crate) fn started(response: &AuthenticationResponse) -> JsValue {
    texts(&[
        ("authenticationUrl", response.authentication_url.as_ref().map(WebUrl::as_str)),
        ("authenticationRequestId", response.authentication_request_id.as_deref()),
    ])
}

/// The result of a login or link.
pub(crate) fn login_result(result: &LoginResult) -> JsValue {
    let object = texts(&[
        ("status", Some(result.status.as_str())),
        ("connectionId", result.connection_id.as_deref()),
        ("userId", result.user_id.as_deref()),
        ("serverCode", result.server_code.as_deref()),
        ("errorCode", result.error_code.map(ErrorCode::as_str)),
    ]);
    if result.may_be_owned() {
        let _ = Reflect::set(&object, &"mayBeOwned".into(), &JsValue::TRUE);
    }
    object
}

/// The result of `getRedirectResult`: what kind of login it was, its result, and what the application gave for its return.
pub(crate) fn redirect_result(result: &LoginResult) -> JsValue {
    let kind = match result.purpose {
        Purpose::Link => "link",
        Purpose::Login if result.is_anonymous_login() => "anonymous",
        Purpose::Login => "login",
    };
    let given = result.app_state.as_ref().and_then(|json| JSON::parse(json.expose()).ok());
    let object = Object::from(object([("type", kind.into()), ("appState", JsValue::NULL)]));
    for members in given.into_iter().chain([login_result(result)]) {
        Object::assign(&object, &Object::from(members));
    }
    object.into()
}

/// An object with the members that have a value.
// A derived serialiser costs more than all that it would write here.
pub(crate) fn texts(members: &[(&str, Option<&str>)]) -> JsValue {
    let object = Object::new();
    for (name, text) in members {
        if let Ok(text) = serde_wasm_bindgen::to_value(text)
            && !text.is_undefined()
        {
            let _ = Reflect::set(&object, &(*name).into(), &text);
        }
    }
    object.into()
}

/// An object with these members.
pub(crate) fn object<const N: usize>(members: [(&str, JsValue); N]) -> JsValue {
    let object = Object::new();
    for (name, value) in members {
        let _ = Reflect::set(&object, &name.into(), &value);
    }
    object.into()
}
