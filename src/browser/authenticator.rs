//! Security keys and passkeys: <https://www.w3.org/TR/webauthn-2/>.
//!
//! By property names and not by web-sys: password managers replace `navigator.credentials`, and what they return may lack
//! what web-sys reads without a check. The options are JSON as in the specification; web-sys would import a setter for each.

use super::window::window;
use authress_login_protocol::account::Credential;
use js_sys::{Function, JSON, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// What Authress accepts: ES256 and RS256, no attestation, no resident key; a minute for the user.
const OPTIONS: &str = r#"{
    "pubKeyCredParams": [{ "type": "public-key", "alg": -7 }, { "type": "public-key", "alg": -257 }],
    "authenticatorSelection": {
        "residentKey": "discouraged", "requireResidentKey": false, "userVerification": "discouraged"
    },
    "timeout": 60000, "attestation": "none", "rp": {}, "user": {}
}"#;

/// Creates a credential with an authenticator. Where the shopper declines, the error is the browser's own.
pub async fn create(relying_party: &str, user_id: &str) -> Result<Credential, JsValue> {
    let options = JSON::parse(OPTIONS)?;
    let user_bytes = Uint8Array::from(user_id.as_bytes());
    for (path, name, value) in [
        (None, "challenge", JsValue::from(user_bytes.clone())),
        (Some("rp"), "id", relying_party.into()),
        (Some("rp"), "name", relying_party.into()),
        (Some("user"), "id", user_bytes.into()),
        (Some("user"), "name", user_id.into()),
        (Some("user"), "displayName", ["User ID: ", user_id].concat().into()),
    ] {
        let target = match path {
            Some(path) => Reflect::get(&options, &path.into())?,
            None => options.clone(),
        };
        Reflect::set(&target, &name.into(), &value)?;
    }
    let request = Object::new();
    Reflect::set(&request, &"publicKey".into(), &options)?;

    let credentials = Reflect::get(&window().navigator(), &"credentials".into())?;
    let create: Function = Reflect::get(&credentials, &"create".into())?.dyn_into()?;
    // Without a check of the promise's class: libraries replace it (zone.js), and the browser's own promises are not of it.
    let credential = JsFuture::from(Promise::resolve(&create.call1(&credentials, &request)?)).await?;

    let response = Reflect::get(&credential, &"response".into())?;
    let text = |name: &str| Reflect::get(&credential, &name.into()).ok().and_then(|value| value.as_string());
    Ok(Credential {
        authenticator_attachment: text("authenticatorAttachment"),
        credential_id: text("id").unwrap_or_default(),
        credential_type: text("type").unwrap_or_default(),
        user_id: user_id.to_owned(),
        attestation: bytes(&response, "attestationObject")?,
        client: bytes(&response, "clientDataJSON")?,
    })
}

/// A buffer in standard base64, as `btoa` writes it.
fn bytes(response: &JsValue, name: &str) -> Result<String, JsValue> {
    let buffer = Reflect::get(response, &name.into())?;
    Ok(authress_login_protocol::base64url::encode_standard(&Uint8Array::new(&buffer).to_vec()))
}
