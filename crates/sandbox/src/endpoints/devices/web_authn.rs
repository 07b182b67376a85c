//! The part of a WebAuthn registration that the sandbox checks: that its fields are present and
//! that the browser created it for this user on a page of a configured application. **The attestation is not
//! parsed**, so nothing proves that the key exists; a development server needs no more.

use authress_login_protocol::base64url;
use serde::Deserialize;

const MAX_CREDENTIAL_ID_CHARS: usize = 1024;

/// The `code` of a registration, as the login client sends it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Registration {
    /// Base64url.
    pub(crate) credential_id: String,
    /// `public-key`.
    #[serde(rename = "type")]
    credential_type: String,
    user_id: String,
    /// The attestation object in base64.
    attestation: String,
    /// `clientDataJSON` in base64.
    client: String,
}

/// Web Authentication Level 2, section 5.8.1.
#[derive(Debug, Deserialize)]
struct ClientData {
    #[serde(rename = "type")]
    operation: String,
    challenge: String,
    origin: String,
}

/// Checks a registration for this user; `Err` is a sentence for the response.
pub(crate) fn check(
    registration: &Registration,
    user_id: &str,
    knows_origin: impl Fn(&str) -> bool,
) -> Result<(), &'static str> {
    let is_base64 = |text: &str| !text.is_empty() && base64url::decode(text).is_some();
    let id = &registration.credential_id;
    if !is_base64(id) || id.len() > MAX_CREDENTIAL_ID_CHARS {
        return Err("credentialId must be the credential's id in base64url.");
    }
    if registration.credential_type != "public-key" {
        return Err("type must be public-key.");
    }
    if registration.user_id != user_id {
        return Err("userId must be the user of the access token.");
    }
    if !is_base64(&registration.attestation) {
        return Err("attestation must be the attestation object in base64.");
    }
    let client = base64url::decode(&registration.client).and_then(|json| serde_json::from_slice(&json).ok());
    let Some(client): Option<ClientData> = client else {
        return Err("client must be clientDataJSON in base64.");
    };
    if client.operation != "webauthn.create" {
        return Err("clientDataJSON must have the type webauthn.create.");
    }
    if client.challenge != base64url::encode(user_id.as_bytes()) {
        return Err("The challenge must be the user id.");
    }
    if !knows_origin(&client.origin) {
        return Err("The credential was made on a page of no configured application.");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn checked(code: Value) -> Result<(), &'static str> {
        let registration: Registration = serde_json::from_value(code).unwrap();
        check(&registration, "user_1", |origin| origin == "https://app.shop.test")
    }

    fn client(operation: &str, challenge: &str, origin: &str) -> String {
        base64url::encode(json!({ "type": operation, "challenge": challenge, "origin": origin }).to_string().as_bytes())
    }

    fn good() -> Value {
        json!({
            "authenticatorAttachment": null, "credentialId": "AAEC", "type": "public-key", "userId": "user_1",
            "attestation": "o2NmbXQ=", "client": client("webauthn.create", "dXNlcl8x", "https://app.shop.test"),
        })
    }

    #[test]
    fn a_registration_for_this_user_on_a_page_of_an_application_is_accepted() {
        assert_eq!(checked(good()), Ok(()));
    }

    #[test]
    fn the_error_names_the_wrong_field() {
        let cases = [
            ("credentialId", "", "credentialId"),
            ("type", "password", "public-key"),
            ("userId", "user_2", "userId"),
            ("attestation", "", "attestation"),
            ("client", "bm8", "clientDataJSON"),
            ("client", &client("webauthn.get", "dXNlcl8x", "https://app.shop.test"), "webauthn.create"),
            ("client", &client("webauthn.create", "dXNlcl8y", "https://app.shop.test"), "challenge"),
            ("client", &client("webauthn.create", "dXNlcl8x", "https://evil.test"), "application"),
        ];
        for (field, value, named) in cases {
            let mut code = good();
            code[field] = json!(value);
            let sentence = checked(code).unwrap_err();
            assert!(sentence.contains(named), "{field}: {sentence}");
        }
    }
}
