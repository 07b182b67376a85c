//! Tokens and tickets: unsigned ones, and ones whose signature is good and whose claims are anything.

use std::sync::{Arc, LazyLock};

use authress_access_token::{AccessToken, ClaimTickets, DEFAULT_LEEWAY_S, TICKET_REMEMBERED, TICKET_TYPE, TokenPolicy};
use authress_jws::{JwkSet, KeyRing, verify_with_ring};
use authress_single_use::{MemorySingleUse, WhenFull};
use serde_json::{Map, Value, json};

use crate::signing_key;

const ISSUER: &str = "https://login.example.com";
const SHOP: &str = "https://shop.example.com";
const NOW: i64 = 1_800_000_000;
const LIFETIME_S: i64 = 600;

fn published() -> KeyRing {
    JwkSet { keys: vec![signing_key().public_jwk()] }.into()
}

/// Whatever a token is: it is taken if it is, letter for letter, the one that was signed. Whatever a key set is,
/// after a line break behind the token: it can be read or not.
pub fn jwt(data: &[u8]) {
    static SIGNED: LazyLock<String> =
        LazyLock::new(|| signing_key().sign_jwt("at+jwt", &json!({ "sub": "user_1", "exp": NOW })));
    static KEYS: LazyLock<KeyRing> = LazyLock::new(published);
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (token, keys) = text.split_once('\n').unwrap_or((text, ""));
    if verify_with_ring(token, &KEYS, None).is_ok() {
        assert_eq!(token, *SIGNED);
    }
    let keys: KeyRing = serde_json::from_str(keys).unwrap_or_default();
    for token in [token, &SIGNED] {
        let verified = verify_with_ring(token, &keys, None);
        assert!(verified.is_err() || keys != KeyRing::default());
    }
}

/// Whatever the claims of a token are that its issuer has signed: it opens what they say and nothing else.
pub fn access_token(data: &[u8]) {
    static POLICY: LazyLock<Option<TokenPolicy>> = LazyLock::new(|| {
        let policy = TokenPolicy::new(ISSUER).ok()?.for_application("app_shop").with_service_client("sc_erp");
        Some(policy.for_audience("shop"))
    });
    static KEYS: LazyLock<KeyRing> = LazyLock::new(published);
    let (Ok(claims), Some(policy)) = (serde_json::from_slice::<Map<String, Value>>(data), &*POLICY) else { return };
    let says = |name: &str| claims.get(name).and_then(Value::as_str);
    let token = signing_key().sign_jwt("at+jwt", &claims);
    for issuer in policy.issuers() {
        let Ok(token) = policy.verify(&token, &issuer, &KEYS, NOW) else { continue };
        assert_eq!(says("iss"), Some(issuer.as_str()));
        assert_eq!(says("sub"), Some(token.user_id.as_str()));
        assert!((1..=256).contains(&token.user_id.len()));
        assert!(claims.get("exp").and_then(Value::as_f64).is_some_and(|exp| exp > (NOW - 6) as f64));
        match issuer == ISSUER {
            true => assert_eq!(says("client_id"), Some("app_shop")),
            false => assert_eq!(token.user_id, "sc_erp"),
        }
    }
    assert!(policy.verify(&token, "https://evil.test", &KEYS, NOW).is_err());
}

/// Whatever a ticket is: it is taken if the shop has signed it, and whatever is signed: for ten minutes and for
/// somebody else.
pub fn claim_ticket(data: &[u8]) {
    thread_local! {
        static RUNTIME: Option<tokio::runtime::Runtime> = tokio::runtime::Builder::new_current_thread().build().ok();
    }
    static TICKETS: LazyLock<ClaimTickets> = LazyLock::new(|| {
        let spent = MemorySingleUse::new(TICKET_REMEMBERED, 1000, WhenFull::ForgetOldest);
        ClaimTickets::new(SHOP, signing_key(), Arc::new(spent))
    });
    let bringer = AccessToken { user_id: "user_b".to_owned(), claims: Map::new() };
    let redeem =
        |ticket: &str| RUNTIME.with(|runtime| runtime.as_ref()?.block_on(TICKETS.redeem(ticket, &bringer, NOW)).ok());
    if let Ok(text) = std::str::from_utf8(data) {
        assert_eq!(redeem(text), None);
    }
    let Ok(claims) = serde_json::from_slice::<Map<String, Value>>(data) else { return };
    let Some(owner) = redeem(&signing_key().sign_jwt(TICKET_TYPE, &claims)) else { return };
    let says = |name: &str| claims.get(name).and_then(Value::as_str);
    let time = |name: &str| claims.get(name).and_then(Value::as_i64);
    assert!(says("iss") == Some(SHOP) && says("aud") == Some(SHOP) && says("jti").is_some());
    assert!(says("sub") == Some(owner.as_str()) && owner != "user_b" && (1..=256).contains(&owner.len()));
    let (iat, exp) = (time("iat").unwrap_or(i64::MAX), time("exp").unwrap_or(i64::MIN));
    let leeway = i64::from(DEFAULT_LEEWAY_S);
    assert!(iat <= NOW.saturating_add(leeway) && NOW < exp.saturating_add(leeway));
    assert!(i128::from(exp) - i128::from(iat) <= i128::from(LIFETIME_S));
}
