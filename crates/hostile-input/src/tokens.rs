//! Tokens and tickets: any text, and any claims with a valid signature.

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

/// Only the token that was signed, character by character, is accepted. After a line break the input has a key set: no
/// key set causes a panic, and without keys no token is accepted.
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

/// For any claims that the issuer has signed, an accepted token has the configured issuer, application and times, and
/// the user id is its `sub`.
pub fn access_token(data: &[u8]) {
    static POLICY: LazyLock<Option<TokenPolicy>> = LazyLock::new(|| {
        let policy = TokenPolicy::new(ISSUER).ok()?.for_application("app_shop").with_service_client("sc_erp");
        Some(policy.for_audience("shop"))
    });
    static KEYS: LazyLock<KeyRing> = LazyLock::new(published);
    let (Ok(claims), Some(policy)) = (serde_json::from_slice::<Map<String, Value>>(data), &*POLICY) else { return };
    let claim = |name: &str| claims.get(name).and_then(Value::as_str);
    let token = signing_key().sign_jwt("at+jwt", &claims);
    for issuer in policy.issuers() {
        let Ok(token) = policy.verify(&token, &issuer, &KEYS, NOW) else { continue };
        assert_eq!(claim("iss"), Some(issuer.as_str()));
        assert_eq!(claim("sub"), Some(token.user_id.as_str()));
        assert!((1..=256).contains(&token.user_id.len()));
        assert!(claims.get("exp").and_then(Value::as_f64).is_some_and(|exp| exp > (NOW - 6) as f64));
        match issuer == ISSUER {
            true => assert_eq!(claim("client_id"), Some("app_shop")),
            false => assert_eq!(token.user_id, "sc_erp"),
        }
    }
    assert!(policy.verify(&token, "https://evil.test", &KEYS, NOW).is_err());
    issuer_of_an_account(claim("iss").unwrap_or_default());
}

/// Any `iss` that passes for an account is one of the account's hosts for a parser of URLs, too, and the keys are fetched
/// from one of two fixed hosts.
fn issuer_of_an_account(iss: &str) {
    static POLICY: LazyLock<Option<TokenPolicy>> = LazyLock::new(|| {
        Some(TokenPolicy::new("https://acc.api-eu-west.authress.io").ok()?.with_service_client("sc_erp"))
    });
    let Some(issuer) = POLICY.as_ref().and_then(|policy| policy.accepted_issuer(iss)) else { return };
    assert!(["https://acc.login.authress.io", "https://acc.api.authress.io/v1/clients/sc_erp"].contains(&&*issuer));
    let url = url::Url::parse(iss).expect("a URL");
    let host = url.host_str().unwrap_or_default();
    assert!(host.starts_with("acc.") && host.ends_with(".authress.io") && host.split('.').count() == 4, "{iss}");
    assert!(url.username().is_empty() && url.port().is_none() && url.scheme() == "https", "{iss}");
    assert!(["/", "/v1/clients/sc_erp"].contains(&url.path()), "{iss}");
}

/// Any unsigned ticket is rejected. Of the signed ones, those are redeemed that are of this shop, valid for at most ten
/// minutes, and for another user.
pub fn claim_ticket(data: &[u8]) {
    thread_local! {
        static RUNTIME: Option<tokio::runtime::Runtime> = tokio::runtime::Builder::new_current_thread().build().ok();
    }
    static TICKETS: LazyLock<ClaimTickets> = LazyLock::new(|| {
        let spent = MemorySingleUse::new(TICKET_REMEMBERED, 1000, WhenFull::ForgetOldest);
        ClaimTickets::new(SHOP, signing_key(), Arc::new(spent))
    });
    let redeemer = AccessToken { user_id: "user_b".to_owned(), claims: Map::new() };
    let redeem =
        |ticket: &str| RUNTIME.with(|runtime| runtime.as_ref()?.block_on(TICKETS.redeem(ticket, &redeemer, NOW)).ok());
    if let Ok(text) = std::str::from_utf8(data) {
        assert_eq!(redeem(text), None);
    }
    let Ok(claims) = serde_json::from_slice::<Map<String, Value>>(data) else { return };
    let Some(owner) = redeem(&signing_key().sign_jwt(TICKET_TYPE, &claims)) else { return };
    let claim = |name: &str| claims.get(name).and_then(Value::as_str);
    let time = |name: &str| claims.get(name).and_then(Value::as_i64);
    assert!(claim("iss") == Some(SHOP) && claim("aud") == Some(SHOP) && claim("jti").is_some());
    assert!(claim("sub") == Some(owner.as_str()) && owner != "user_b" && (1..=256).contains(&owner.len()));
    let (iat, exp) = (time("iat").unwrap_or(i64::MAX), time("exp").unwrap_or(i64::MIN));
    let leeway = i64::from(DEFAULT_LEEWAY_S);
    assert!(iat <= NOW.saturating_add(leeway) && NOW < exp.saturating_add(leeway));
    assert!(i128::from(exp) - i128::from(iat) <= i128::from(LIFETIME_S));
}
