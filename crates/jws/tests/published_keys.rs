//! Pairs of private and public keys that are published in the tests of Authress's own SDKs, as data. Both were made by other
//! implementations of Ed25519.

// Lints treat helper functions as code outside tests.
#![allow(clippy::unwrap_used)]

use authress_jws::{Jwk, SigningKey};
use base64ct::{Base64, Encoding};
use serde_json::json;

fn derived(pkcs8: &str) -> Jwk {
    SigningKey::from_pkcs8_der("k", &Base64::decode_vec(pkcs8).unwrap()).unwrap().public_jwk()
}

fn published(x: &str) -> Jwk {
    serde_json::from_value(json!({"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": x})).unwrap()
}

#[test]
fn the_public_key_of_a_published_private_key_is_the_published_one() {
    // The SDK for JavaScript.
    let key = derived("MC4CAQAwBQYDK2VwBCIEIDVjjrIVCH3dVRq4ixRzBwjVHSoB2QzZ2iJuHq1Wshwp");
    assert_eq!(key, published("JxtSC5tZZJuaW7Aeu5Kh_3tgCpPZRkHaaFyTj5sQ3KU"));
    // The SDK for C#, whose test pads the public key.
    let key = derived("MC4CAQAwBQYDK2VwBCIEIHWOlqpfN1YdPSAvAZlSxOyZs0v0jnOj3flvG4ezJ8/R");
    assert_eq!(key, published("P1ghjuexanmp5hYgSYRvbFJirquynaCyolH3vHb9JCE="));
    assert_eq!(key.x(), "P1ghjuexanmp5hYgSYRvbFJirquynaCyolH3vHb9JCE", "written without padding");
}
