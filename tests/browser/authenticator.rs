use crate::support::js;
use authress_login_wasm::browser::authenticator::create;
use js_sys::Reflect;
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

/// Puts `value` in the place of `navigator.credentials`, as password managers do.
fn replace_credentials(value: &str) {
    js(&format!("Object.defineProperty(navigator, 'credentials', {{ configurable: true, value: {value} }});"));
}

fn restore_credentials() {
    js("delete navigator.credentials;");
}

#[wasm_bindgen_test]
async fn a_credential_is_created_with_what_authress_accepts() {
    replace_credentials(
        "{ create: async (options) => {
            window.created = options.publicKey;
            const bytes = (...values) => Uint8Array.of(...values).buffer;
            const response = { attestationObject: bytes(1, 2, 3), clientDataJSON: bytes(255, 254) };
            return { id: 'key', type: 'public-key', authenticatorAttachment: 'platform', response };
        } }",
    );
    let credential = create("shop.test", "user_a").await;
    restore_credentials();
    let credential = credential.unwrap();
    assert_eq!((credential.credential_id.as_str(), credential.credential_type.as_str()), ("key", "public-key"));
    assert_eq!(credential.authenticator_attachment.as_deref(), Some("platform"));
    assert_eq!((credential.attestation.as_str(), credential.client.as_str()), ("AQID", "//4="));
    let text = |expression: &str| js(&format!("return String({expression})")).as_string().unwrap();
    assert_eq!(text("created.pubKeyCredParams.map(({ alg }) => alg)"), "-7,-257");
    assert_eq!(text("created.rp.id"), "shop.test");
    assert_eq!(
        text("new TextDecoder().decode(created.challenge) + new TextDecoder().decode(created.user.id)"),
        "user_auser_a"
    );
}

#[wasm_bindgen_test]
async fn a_refusal_is_the_browsers_own_error() {
    replace_credentials("{ create: () => Promise.reject(new DOMException('declined', 'NotAllowedError')) }");
    let error = create("shop.test", "user_a").await.unwrap_err();
    restore_credentials();
    assert_eq!(name(&error).as_deref(), Some("NotAllowedError"));
}

#[wasm_bindgen_test]
async fn a_password_manager_that_returns_something_else_ends_no_module() {
    for value in ["undefined", "{}", "{ create: async () => null }", "{ create: () => ({ id: 'key' }) }"] {
        replace_credentials(value);
        let error = create("shop.test", "user_a").await.unwrap_err();
        restore_credentials();
        assert!(name(&error).is_none_or(|name| name == "TypeError"), "{value}");
    }
}

fn name(error: &JsValue) -> Option<String> {
    Reflect::get(error, &"name".into()).ok()?.as_string()
}
