//! Tokens, keys and names of issuers that are published in the tests of Authress's own SDKs, as data: what the real
//! service has issued, and whose issuers its SDKs take for the same.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed helper is a failed test")]

use std::sync::{Arc, Mutex};

use authress_access_token::{TokenError, TokenPolicy, TokenVerifier};
use authress_jws::{KeyRing, SigningKey};
use axum::extract::{Request, State};
use axum::{Json, Router};
use base64ct::{Base64, Encoding};
use serde_json::{Value, json};

/// A user's token that the real service issued in 2021, from the tests of the SDK for JavaScript.
const RS512_OF_2021: &str = "eyJhbGciOiJSUzUxMiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IjhDVGJSVGlYMVFUcnU0QmhwYnVoNFcifQ.eyJpc3MiOiJodHRwczovL2xvZ2luLmF1dGhyZXNzLmlvIiwic3ViIjoiZ29vZ2xlLW9hdXRoMnwxMDk1MzY2Mjc4NDQ3MjIzOTc5MTEiLCJpYXQiOjE2MzYyMDAyMjcsImV4cCI6MTYzNjI4NjYyNywic2NvcGUiOiJvcGVuaWQgcHJvZmlsZSBlbWFpbCIsImF6cCI6Imdvb2dsZSIsImNsaWVudF9pZCI6IkFVVEhSRVNTIiwiYXVkIjpbImh0dHBzOi8vYXBpLmF1dGhyZXNzLmlvIl19.H26E36M5aBKqJ2IOfHtnmuaJe-2p_yWnePF55IIBpgl8BKXJAWtkHfXPnUYilb3ZyNe_5xg9Oo6VRhPs2Wp8s6OoR7Qr8JGGaMZVnVxrM83xf6JtD7q55TgA40QZrySHAMV7pmGLMCc8MqNXrYSwGsL-q4KgIC0_GyPMFHO090_EK5BUIhdYcDojAiOt8JSQ8d-u8arIO3grNkbaSLoa1Ge3Ebx1_JhQwEK-73zCTgvSdKkgYTMZCJctdR8VaeUpmapHFT78JHbG0c6VAShqwpC2aexeql-yk21m7Tb9i3ge4oJBxlqoPuwEtV5WjxlNgLb3lyW2owJnA6NijpPwNg";
const RS512_MODULUS: &str = "yjCk8Y43Pzhdyr_qLGJWNVjnkeNXeD-NbldFVoSKn3TgtFkPCpcjFDhpBc1S3cTJwTTV2V6xppZyKVy-eaBk8QAAYv2paHI6P2I8siiQu9_z_boesXJ2Vdp4x9l0pgZJtWg3VPkCBqm_yrXzSVgT78IjceLp0Sxh4ONsGyxXyX9UVMIpbpDz0CAA3a9wX_SpzA2cGI5thrfIRGTPF_nMeqxqeKGfX2y60NRMxdmqIXu_iwblMc-uPtLU2rrccp8zFHDgFOoXi4nNR0dMyrVgmV6yc3R7Eu3vUMQUBnULSGoXkisEpQE4O4VD_q45mtSienDtkh_CO8Di1Zq2daFKHQ";

/// The first moment of 7 November 2021, at which the SDK's test verifies it.
const NOVEMBER_2021: i64 = 1_636_243_200;

/// A user's token of 2022, from the tests of the SDK for Kotlin. Its public key is not published.
const EDDSA_OF_2022: &str = "eyJhbGciOiJFZERTQSIsImtpZCI6ImdwQ3dlZmdkaXFDZUhTbmN0Z05kbWsiLCJ0eXAiOiJhdCtqd3QifQ.eyJpc3MiOiJodHRwczovL2E0OGNvcGpyZjVxcmpuMW5pYWtmemZxbHAubG9naW4uYXV0aHJlc3MuaW8iLCJzdWIiOiJ1aWFxUWpjZmNNQlNTaXl3cTRwNDlnNFlRIiwiaWF0IjoxNjQyOTYyOTc1LCJleHAiOjE2NDMwNDkzNzUsInNjb3BlIjoib3BlbmlkIHByb2ZpbGUgZW1haWwiLCJhenAiOiJnb29nbGUiLCJjbGllbnRfaWQiOiJBVVRIUkVTU19DT05ORUNUSU9OX1RFU1QifQ.UL7jGgeBT5iWtZ0EdS0MBHgukg2VxLsa3v6Fw9hwKCF2Vq6H7TlEDkZ1bFOHAR0gEJX8ZLLPWZYph6WknbtoCQ";
const ISSUER_OF_2022: &str = "https://a48copjrf5qrjn1niakfzfqlp.login.authress.io";
const JANUARY_2022: i64 = 1_642_963_000;

/// The test key of the SDK for JavaScript, which is the last part of an access key there.
const TEST_KEY: &str = "MC4CAQAwBQYDK2VwBCIEIDVjjrIVCH3dVRq4ixRzBwjVHSoB2QzZ2iJuHq1Wshwp";
const TEST_KEY_X: &str = "JxtSC5tZZJuaW7Aeu5Kh_3tgCpPZRkHaaFyTj5sQ3KU";
const TEST_CLIENT: &str = "sc_aAKceYi7VJDCU8vB7HcTo3Q";

fn ring(keys: Value) -> KeyRing {
    serde_json::from_value(json!({ "keys": keys })).unwrap()
}

fn ring_of_2021() -> KeyRing {
    ring(json!([{"kid": "8CTbRTiX1QTru4Bhpbuh4W", "alg": "RS512", "kty": "RSA", "n": RS512_MODULUS, "e": "AQAB"}]))
}

#[test]
fn a_token_that_the_real_service_issued_in_2021_is_valid_on_its_day() {
    let issuer = "https://login.authress.io";
    let policy = TokenPolicy::new(issuer).unwrap().for_application("AUTHRESS").for_audience("https://api.authress.io");
    let verify = |policy: &TokenPolicy, token: &str, now| policy.verify(token, issuer, &ring_of_2021(), now);
    let token = verify(&policy, RS512_OF_2021, NOVEMBER_2021).unwrap();
    assert_eq!(token.user_id, "google-oauth2|109536627844722397911");
    assert_eq!(token.connection_id(), Some("google"));
    assert!(token.has_scope("profile"));

    assert_eq!(verify(&policy, RS512_OF_2021, NOVEMBER_2021 + 86_400), Err(TokenError::Expired));
    let other = policy.clone().for_application("AUTHRESS_OTHER");
    assert_eq!(verify(&other, RS512_OF_2021, NOVEMBER_2021), Err(TokenError::OtherApplication));
    let changed = RS512_OF_2021.replace("Imdvb2dsZSIs", "Imdvb2dsZTIs");
    assert_ne!(changed, RS512_OF_2021);
    assert!(verify(&policy, &changed, NOVEMBER_2021).is_err());
    let changed = RS512_OF_2021.replace(".H26E", ".H26F");
    assert_eq!(verify(&policy, &changed, NOVEMBER_2021), Err(TokenError::InvalidSignature));
}

#[test]
fn a_token_of_2022_is_well_formed_and_has_no_audience() {
    let policy = TokenPolicy::new(ISSUER_OF_2022).unwrap().for_application("AUTHRESS_CONNECTION_TEST");
    let verify = |keys: &KeyRing| policy.verify(EDDSA_OF_2022, ISSUER_OF_2022, keys, JANUARY_2022);
    assert_eq!(verify(&KeyRing::default()), Err(TokenError::UnknownKey));
    // Header, claims and the length of the signature are read before a signature can be wrong.
    let other = SigningKey::generate("gpCwefgdiqCeHSnctgNdmk").unwrap();
    assert_eq!(verify(&ring(json!([other.public_jwk()]))), Err(TokenError::InvalidSignature));

    let claims = EDDSA_OF_2022.split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&base64ct::Base64UrlUnpadded::decode_vec(claims).unwrap()).unwrap();
    assert_eq!((&claims["iss"], claims.get("aud")), (&json!(ISSUER_OF_2022), None));
    // The same claims with a key that is known: the rules of the policy accept them.
    let again = other.sign_jwt("at+jwt", &claims);
    let verified = policy.verify(&again, ISSUER_OF_2022, &ring(json!([other.public_jwk()])), JANUARY_2022);
    assert_eq!(verified.map(|token| token.user_id).as_deref(), Ok("uiaqQjcfcMBSSiywq4p49g4YQ"));
}

fn test_key(kid: &str) -> SigningKey {
    SigningKey::from_pkcs8_der(kid, &Base64::decode_vec(TEST_KEY).unwrap()).unwrap()
}

/// A service client's own token, with the claims that the SDKs give it.
fn client_token(issuer_host: &str) -> String {
    let claims = json!({
        "aud": "account.accounts.authress.io", "iss": format!("https://{issuer_host}/v1/clients/{TEST_CLIENT}"),
        "sub": TEST_CLIENT, "client_id": TEST_CLIENT, "iat": JANUARY_2022, "exp": JANUARY_2022 + 86_400,
        "scope": "openid",
    });
    test_key("pogP").sign_jwt("at+jwt", &claims)
}

/// The issuers of service clients that the SDKs take for the configured host, and some that they must not.
#[test]
fn the_sdks_pairs_of_configured_host_and_issuer_are_accepted() {
    let keys = ring(json!([{"alg": "EdDSA", "kty": "OKP", "crv": "Ed25519", "kid": "pogP", "x": TEST_KEY_X}]));
    for (configured, issuer_host, is_accepted) in [
        // The SDK for JavaScript: a custom domain, then hosts of an account in all mixtures.
        ("authress.token-validation.test", "authress.token-validation.test", true),
        ("acc0-authress-account-id.api.authress.io", "acc0-authress-account-id.login.authress.io", true),
        ("acc0-authress-account-id.api.authress.io", "acc0-authress-account-id.api.authress.io", true),
        ("acc0-authress-account-id.api-eu-west.authress.io", "acc0-authress-account-id.api.authress.io", true),
        ("account.api-eu-west.authress.io", "account.login.authress.io", true),
        ("account.api-eu-west.authress.io", "account.api.authress.io", true),
        ("account.api-eu-west.authress.io", "account.api-eu-west.authress.io", true),
        // The SDK for C#.
        ("unit-test-customdomain.authress.io", "unit-test-customdomain.authress.io", true),
        ("authress.api-eu-west.authress.io", "authress.login.authress.io", true),
        ("authress.api-eu-west.authress.io", "authress.api-eu-west.authress.io", true),
        ("authress.login.authress.io", "authress.login.authress.io", true),
        // Another account, and a custom domain whose account is not known here.
        ("account.login.authress.io", "authress.login.authress.io", false),
        ("authress.token-validation.test", "account.api.authress.io", false),
        ("unit-test-customdomain.authress.io", "unit-test-customdomain.login.authress.io", false),
    ] {
        let policy = TokenPolicy::new(&format!("https://{configured}")).unwrap().with_service_client(TEST_CLIENT);
        let known = policy.issuers().nth(1).unwrap();
        let verified = policy.verify(&client_token(issuer_host), &known, &keys, JANUARY_2022 + 60);
        let expected = if is_accepted { Ok(TEST_CLIENT) } else { Err(TokenError::OtherIssuer) };
        assert_eq!(
            verified.as_ref().map(|token| token.user_id.as_str()).map_err(|error| *error),
            expected,
            "{configured} {issuer_host}"
        );
    }
}

/// Collects the path of every request, and responds with the test key to all of them.
async fn key_server() -> (String, Arc<Mutex<Vec<String>>>) {
    async fn keys(State(paths): State<Arc<Mutex<Vec<String>>>>, request: Request) -> Json<Value> {
        assert!(!request.headers().contains_key("authorization"));
        paths.lock().unwrap().push(request.uri().to_string());
        Json(json!({"keys": [{"alg": "EdDSA", "kty": "OKP", "crv": "Ed25519", "kid": "pogP", "x": TEST_KEY_X}]}))
    }
    let paths = Arc::new(Mutex::new(Vec::new()));
    let router = Router::new().fallback(keys).with_state(Arc::clone(&paths));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (origin, paths)
}

#[tokio::test]
async fn the_url_of_the_keys_contains_nothing_of_the_token() {
    let (origin, paths) = key_server().await;
    let policy = TokenPolicy::new("https://account.login.authress.io").unwrap().with_service_client(TEST_CLIENT);
    let jwks_url = |issuer: &str| format!("{origin}/{}", issuer.trim_start_matches("https://"));
    let verifier = TokenVerifier::with_keys(policy, jwks_url).unwrap().at(|| JANUARY_2022 + 60);
    for host in ["account.api.authress.io", "account.api-eu-west.authress.io", "account.api-evil.authress.io"] {
        assert_eq!(verifier.verify(&client_token(host)).await.unwrap().user_id, TEST_CLIENT);
    }
    for host in [
        "account.login.authress.io.evil.test",
        "other.api.authress.io",
        "account.api.authress.io:8443",
        "user@account.api.authress.io",
        "a.account.api.authress.io",
        "ACCOUNT.api.authress.io",
        "127.0.0.1",
    ] {
        assert_eq!(verifier.verify(&client_token(host)).await.unwrap_err(), TokenError::OtherIssuer, "{host}");
    }
    assert_eq!(*paths.lock().unwrap(), [format!("/account.api.authress.io/v1/clients/{TEST_CLIENT}")]);
}
