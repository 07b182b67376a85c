//! The verifier's statement beside those of Authress's SDKs, which `tests/vectors/make-login-statements.mjs` writes: the
//! published version 2.3, and version 3.2.

// A helper function of a test is not seen as a test by the lints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::time::{Duration, Instant};

use authress_jws::{JwkSet, SigningKey, verify};
use authress_verifier::{ClockReading, Decision, ENTROPY_BYTES, LoginRequest, Verifier, decide};
use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use serde_json::{Value, json};
use url::Url;

struct Statement {
    header: Value,
    claims: Value,
    /// Of the login URL.
    parameters: Vec<(String, String)>,
    before_query: String,
}

struct Vectors {
    vectors: Value,
    keys: JwkSet,
}

impl Vectors {
    fn read() -> Self {
        let vectors: Value =
            serde_json::from_str(include_str!("../../../tests/vectors/login-statements.json")).unwrap();
        let parts: Vec<&str> = vectors["accessKey"].as_str().unwrap().split('.').collect();
        let key = SigningKey::from_pkcs8_der(parts[1], &Base64::decode_vec(parts[3]).unwrap()).unwrap();
        Self { keys: JwkSet { keys: vec![key.public_jwk()] }, vectors }
    }

    fn text(&self, name: &str) -> &str {
        self.vectors[name].as_str().unwrap()
    }

    /// Reads a login URL whose statement has a valid signature.
    fn statement(&self, login_url: &str) -> Statement {
        let url = Url::parse(login_url).unwrap();
        let parameters: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let code = &parameters[0].1;
        let verified = verify(code, &self.keys, Some("oauth-authz-req+jwt")).unwrap();
        let header = Base64UrlUnpadded::decode_vec(code.split('.').next().unwrap()).unwrap();
        Statement {
            header: serde_json::from_slice(&header).unwrap(),
            claims: Value::Object(verified.claims),
            before_query: login_url.split('?').next().unwrap().to_owned(),
            parameters,
        }
    }

    /// The verifier's, for the same request at the same moment.
    fn ours(&self) -> Statement {
        let key = self.text("accessKey").parse().unwrap();
        let domain = self.text("redirectUri").strip_suffix("/login").unwrap().parse().unwrap();
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("state", self.text("state"))
            .append_pair("redirect_uri", self.text("redirectUri"))
            .finish();
        let request = LoginRequest::parse(&query).unwrap();
        let since_1970 = Duration::from_secs(self.vectors["issuedAt"].as_u64().unwrap());
        let now = ClockReading { since_1970, monotonic: Instant::now() };
        match decide(&request, &Verifier::new(domain, key), &[7; ENTROPY_BYTES], now) {
            Decision::Redirect { location } => self.statement(&location),
            Decision::Refuse(refusal) => panic!("{refusal:?}"),
        }
    }

    fn theirs(&self, sdk: &str, user_id: &str) -> Statement {
        let all = self.vectors["statements"].as_array().unwrap();
        let one = all.iter().find(|one| one["sdk"] == sdk && one["userId"] == user_id).unwrap();
        let statement = self.statement(one["loginUrl"].as_str().unwrap());
        assert_eq!((&statement.header, &statement.claims), (&one["header"], &one["claims"]));
        statement
    }
}

/// The claims that differ or that only one of the two has, as `[name, ours, theirs]`.
fn differences(ours: &Value, theirs: &Value) -> Vec<Value> {
    let (ours, theirs) = (ours.as_object().unwrap(), theirs.as_object().unwrap());
    let names: std::collections::BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    let differ = names.into_iter().filter(|name| ours.get(*name) != theirs.get(*name));
    differ.map(|name| json!([name, ours.get(name), theirs.get(name)])).collect()
}

#[test]
fn header_and_login_url_are_those_of_both_sdks() {
    let vectors = Vectors::read();
    let ours = vectors.ours();
    for (sdk, user_id) in [("2.3.127", "user1"), ("3.2", "user1"), ("3.2", "shopper@example.com")] {
        let theirs = vectors.theirs(sdk, user_id);
        assert_eq!(ours.header, theirs.header, "{sdk}");
        assert_eq!(ours.before_query, theirs.before_query, "{sdk}");
        let without_code = |statement: &Statement| {
            let names: Vec<String> = statement.parameters.iter().map(|(name, _)| name.clone()).collect();
            (names, statement.parameters[1..].to_vec())
        };
        assert_eq!(without_code(&ours), without_code(&theirs), "{sdk}");
    }
    assert_eq!(ours.parameters[1], ("iss".to_owned(), vectors.text("issuer").to_owned()));
}

#[test]
fn sdk_2_differs_by_the_user_id_and_the_missing_jti() {
    let vectors = Vectors::read();
    let (ours, theirs) = (vectors.ours().claims, vectors.theirs("2.3.127", "user1").claims);
    let expected = [json!(["jti", ours["jti"], null]), json!(["sub", ours["sub"], "user1"])];
    assert_eq!(differences(&ours, &theirs), expected);
    assert!(ours["jti"].is_string() && ours["sub"].as_str().unwrap().starts_with("user_"));
}

#[test]
fn sdk_3_lives_an_hour_and_its_jti_is_not_unique() {
    let vectors = Vectors::read();
    let (ours, theirs) = (vectors.ours().claims, vectors.theirs("3.2", "user1").claims);
    let issued_at = vectors.vectors["issuedAt"].as_i64().unwrap();
    let expected = [
        json!(["exp", issued_at + 60, issued_at + 3600]),
        json!(["jti", ours["jti"], "Authress SDK; Javascript; 3.2.0; clientId-user1"]),
        json!(["max_age", 60, 3600]),
        json!(["sub", ours["sub"], "user1"]),
    ];
    assert_eq!(differences(&ours, &theirs), expected);
}

#[test]
fn sdk_3_claims_an_email_address_only_for_user_ids_that_are_one() {
    let vectors = Vectors::read();
    let (ours, theirs) = (vectors.ours().claims, vectors.theirs("3.2", "shopper@example.com").claims);
    let added: Vec<Value> = differences(&ours, &theirs).into_iter().filter(|one| one[1].is_null()).collect();
    assert_eq!(added, [json!(["email", null, "shopper@example.com"]), json!(["email_verified", null, true])]);
    // The ids of this verifier never have an `@`, so it never claims an address.
    assert!(!ours["sub"].as_str().unwrap().contains('@'));
}
