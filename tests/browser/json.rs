//! The browser's JSON parser against the crate that stands for it in native tests.

use crate::support::{js, token};
use authress_login_protocol::{authorization::pending::PendingAuthorization, jwt::UnverifiedClaims};
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn only_objects_are_claims() {
    for text in ["", "null", "[]", "\"a\"", "1", "{", "{\"sub\":\"a\",}", "{}{}"] {
        assert_eq!(UnverifiedClaims::decode(&token(text)), None, "{text}");
    }
}

#[wasm_bindgen_test]
fn members_are_of_their_type_or_absent() {
    let claims = UnverifiedClaims::decode(&token(r#" {"sub":"b","iss":1,"azp":null,"iat":12.9,"exp":1e3,"sub":"ü"} "#));
    let claims = claims.unwrap();
    assert_eq!((claims.subject(), claims.issuer(), claims.authorized_party()), (Some("ü"), None, None));
    assert_eq!((claims.issued_at(), claims.usable_until()), (Some(12), Some(990)));
    let record = r#"{"nonce":"1","codeVerifier":"v","redirectUrl":"/","enableCredentials":"yes","multiAccount":true,"createdAt":"5"}"#;
    let record = PendingAuthorization::from_json(record).unwrap();
    assert_eq!((record.enable_credentials, record.multi_account, record.created_at_ms), (None, Some(true), 0));
}

#[wasm_bindgen_test]
fn what_a_page_adds_to_all_objects_is_not_read() {
    js("Object.prototype.sub = 'user_planted';");
    let claims = UnverifiedClaims::decode(&token("{}"));
    js("delete Object.prototype.sub;");
    assert_eq!(claims.unwrap().subject(), None);
}

#[wasm_bindgen_test]
fn what_is_written_reads_back() {
    let mut record = PendingAuthorization::from_json(r#"{"nonce":"1","codeVerifier":"v","redirectUrl":"/"}"#).unwrap();
    record.redirect_url = "https://shop.test/?\"\\\n\u{1}é😀".to_owned();
    let read = PendingAuthorization::from_json(record.to_json().expose()).unwrap();
    assert_eq!(read.redirect_url, record.redirect_url);
}
