//! Which tokens are accepted, and that every change to a valid one is rejected.

// Lints treat helper functions as code outside tests.
#![allow(clippy::unwrap_used)]

use authress_jws::{JwkSet, MAX_TOKEN_BYTES, SigningKey, TokenPart, VerifyError, verify};
use base64ct::{Base64UrlUnpadded, Encoding};
use ed25519_dalek::{Signer, SigningKey as RawKey};
use proptest::prelude::*;
use serde_json::{Value, json};

/// RFC 8037 appendix A.1, `d`.
const RFC8037_D: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";

/// Signs any header and claims, also invalid ones.
fn sign(header: &str, claims: &[u8]) -> String {
    let input = format!("{}.{}", encode(header.as_bytes()), encode(claims));
    let signature = raw_key().sign(input.as_bytes());
    format!("{input}.{}", encode(&signature.to_bytes()))
}

fn raw_key() -> RawKey {
    let seed = Base64UrlUnpadded::decode_vec(RFC8037_D).unwrap();
    RawKey::from_bytes(&seed.try_into().unwrap())
}

fn keys() -> JwkSet {
    let x = encode(raw_key().verifying_key().as_bytes());
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "kid": "k1", "x": x});
    serde_json::from_value(json!({ "keys": [jwk] })).unwrap()
}

fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

fn valid_token() -> String {
    sign(r#"{"alg":"EdDSA","kid":"k1","typ":"at+jwt"}"#, br#"{"sub":"user_1","exp":1700000060}"#)
}

fn error_of(token: &str) -> VerifyError {
    verify(token, &keys(), Some("at+jwt")).unwrap_err()
}

#[test]
fn a_valid_token_gives_its_header_and_claims() {
    let verified = verify(&valid_token(), &keys(), Some("at+jwt")).unwrap();
    assert_eq!(verified.header.kid, "k1");
    assert_eq!(verified.header.typ.as_deref(), Some("at+jwt"));
    assert_eq!(verified.claim_str("sub"), Some("user_1"));
    assert_eq!(verified.claim_i64("exp"), Some(1_700_000_060));
    assert_eq!(verified.claim_str("exp"), None);
    assert_eq!(verified.claim_i64("iss"), None);
}

#[test]
fn the_jws_of_rfc_8037_a_4_has_a_valid_signature_but_no_key_id() {
    let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.\
        hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    assert_eq!(sign(r#"{"alg":"EdDSA"}"#, b"Example of Ed25519 signing"), token);
    assert_eq!(verify(token, &keys(), None), Err(VerifyError::MissingKeyId));
}

#[test]
fn every_changed_character_is_rejected() {
    let token = valid_token();
    for (position, original) in token.char_indices() {
        for replacement in ['A', '_', '.', 'é'] {
            if replacement != original {
                let mut changed = token.clone();
                changed.replace_range(position..=position, replacement.encode_utf8(&mut [0; 4]));
                assert!(verify(&changed, &keys(), Some("at+jwt")).is_err(), "{changed}");
            }
        }
    }
}

#[test]
fn every_truncated_token_is_rejected() {
    let token = valid_token();
    for length in 0..token.len() {
        assert!(verify(&token[..length], &keys(), None).is_err(), "{length} bytes");
    }
}

#[test]
fn segments_of_two_tokens_cannot_be_mixed() {
    let other = sign(r#"{"alg":"EdDSA","kid":"k1","typ":"at+jwt"}"#, br#"{"sub":"admin"}"#);
    let good = valid_token();
    let (signed, signature) = (other.rsplit_once('.').unwrap().0, good.rsplit_once('.').unwrap().1);
    assert_eq!(error_of(&format!("{signed}.{signature}")), VerifyError::InvalidSignature);
}

#[test]
fn other_algorithms_are_rejected_even_if_the_signature_is_valid() {
    for alg in ["none", "None", "HS256", "RS512", "ES256", "eddsa", "Ed25519", ""] {
        let header = json!({"alg": alg, "kid": "k1", "typ": "at+jwt"}).to_string();
        assert_eq!(error_of(&sign(&header, b"{}")), VerifyError::UnsupportedAlgorithm, "{alg}");
    }
}

#[test]
fn alg_none_with_an_empty_signature_is_rejected() {
    let header = encode(br#"{"alg":"none","kid":"k1","typ":"at+jwt"}"#);
    let token = format!("{header}.{}.", encode(b"{}"));
    assert_eq!(error_of(&token), VerifyError::UnsupportedAlgorithm);
}

#[test]
fn an_empty_signature_is_rejected() {
    let token = valid_token();
    let (signed, _) = token.rsplit_once('.').unwrap();
    assert_eq!(error_of(&format!("{signed}.")), VerifyError::InvalidSignature);
}

#[test]
fn headers_without_a_valid_algorithm_are_rejected() {
    for header in [r#"{"kid":"k1"}"#, r#"{"alg":["EdDSA"],"kid":"k1"}"#, r#""EdDSA""#, "null", ""] {
        assert_eq!(error_of(&sign(header, b"{}")), VerifyError::InvalidJson(TokenPart::Header), "{header}");
    }
}

#[test]
fn a_duplicate_header_member_is_rejected() {
    for header in [
        r#"{"alg":"none","alg":"EdDSA","kid":"k1","typ":"at+jwt"}"#,
        r#"{"alg":"EdDSA","kid":"k1","typ":"JWT","typ":"at+jwt"}"#,
        r#"{"alg":"EdDSA","kid":"k1","typ":"at+jwt","other":1,"other":2}"#,
        r#"{"alg":"EdDSA","kid":"k1","typ":"at+jwt","typ":"at+jwt"}"#,
    ] {
        assert_eq!(error_of(&sign(header, b"{}")), VerifyError::InvalidJson(TokenPart::Header), "{header}");
    }
}

#[test]
fn a_duplicate_claim_is_rejected() {
    let header = r#"{"alg":"EdDSA","kid":"k1","typ":"at+jwt"}"#;
    for claims in [r#"{"sub":"user_1","sub":"admin"}"#, r#"{"exp":1,"exp":2}"#, r#"{"s\u0075b":"a","sub":"b"}"#] {
        let error = error_of(&sign(header, claims.as_bytes()));
        assert_eq!(error, VerifyError::InvalidJson(TokenPart::Claims), "{claims}");
    }
}

/// For the neutral element of the curve as the key, a signature can be made without a private key.
#[test]
fn a_token_of_a_weak_key_is_rejected() {
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let mut signature = [0; 64];
    signature[0] = 1;
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "kid": "k1", "x": encode(&neutral)});
    let keys: JwkSet = serde_json::from_value(json!({ "keys": [jwk] })).unwrap();
    let valid = valid_token();
    let (signed, _) = valid.rsplit_once('.').unwrap();
    let token = format!("{signed}.{}", encode(&signature));
    assert_eq!(verify(&token, &keys, None), Err(VerifyError::UnknownKeyId));
}

#[test]
fn wrong_and_missing_key_ids_are_rejected() {
    let header = r#"{"alg":"EdDSA","kid":"K1","typ":"at+jwt"}"#;
    assert_eq!(error_of(&sign(header, b"{}")), VerifyError::UnknownKeyId);
    let header = r#"{"alg":"EdDSA","typ":"at+jwt"}"#;
    assert_eq!(error_of(&sign(header, b"{}")), VerifyError::MissingKeyId);
}

#[test]
fn another_key_with_the_same_id_is_rejected() {
    let keys = JwkSet { keys: vec![SigningKey::generate("k1").unwrap().public_jwk()] };
    assert_eq!(verify(&valid_token(), &keys, None), Err(VerifyError::InvalidSignature));
}

#[test]
fn wrong_and_missing_types_are_rejected_only_when_one_is_expected() {
    let other = sign(r#"{"alg":"EdDSA","kid":"k1","typ":"oauth-authz-req+jwt"}"#, b"{}");
    assert_eq!(error_of(&other), VerifyError::UnexpectedType);
    assert!(verify(&other, &keys(), None).is_ok());
    let untyped = sign(r#"{"alg":"EdDSA","kid":"k1"}"#, b"{}");
    assert_eq!(error_of(&untyped), VerifyError::UnexpectedType);
}

#[test]
fn critical_extensions_are_rejected() {
    for crit in [r#"["b64"]"#, "[]", "null", "false", r#""b64""#, "{}", "0"] {
        let header = format!(r#"{{"alg":"EdDSA","kid":"k1","typ":"at+jwt","crit":{crit},"b64":false}}"#);
        assert_eq!(error_of(&sign(&header, b"{}")), VerifyError::UnsupportedExtension, "{crit}");
    }
}

#[test]
fn other_numbers_of_segments_are_rejected() {
    let good = valid_token();
    let two = good.rsplit_once('.').unwrap().0;
    for token in [two, &format!("{good}."), &format!("{good}.AAAA"), "", "..", "..."] {
        let error = error_of(token);
        let expected = match token {
            ".." => VerifyError::InvalidJson(TokenPart::Header),
            _ => VerifyError::NotThreeSegments,
        };
        assert_eq!(error, expected, "{token}");
    }
}

#[test]
fn padding_is_rejected_in_every_segment() {
    let good = valid_token();
    let parts: Vec<&str> = good.split('.').collect();
    for part in 0..3 {
        for padding in ["=", "=="] {
            let mut padded: Vec<String> = parts.iter().map(|&p| p.to_owned()).collect();
            padded[part].push_str(padding);
            assert!(verify(&padded.join("."), &keys(), None).is_err(), "part {part} {padding}");
        }
    }
}

/// The last character of a 64-byte signature carries four unused bits. If they were ignored, one
/// token would have sixteen spellings, and a replay check could be evaded.
#[test]
fn the_unused_bits_at_the_end_of_the_signature_must_be_zero() {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let good = valid_token();
    let body = &good[..good.len() - 1];
    let accepted = ALPHABET.chars().filter(|last| verify(&format!("{body}{last}"), &keys(), None).is_ok()).count();
    assert_eq!(accepted, 1);
}

/// Adding the group order to the scalar gives a second signature that lax verifiers accept.
#[test]
fn a_malleated_signature_is_rejected() {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let good = valid_token();
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let mut bytes = Base64UrlUnpadded::decode_vec(signature).unwrap();
    let mut carry = 0_u16;
    for (byte, order) in bytes[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    assert_eq!(error_of(&format!("{signed}.{}", encode(&bytes))), VerifyError::InvalidSignature);
}

#[test]
fn signed_claims_that_are_not_an_object_are_rejected() {
    let header = r#"{"alg":"EdDSA","kid":"k1","typ":"at+jwt"}"#;
    for claims in [&b"[]"[..], b"17", b"", b"{", b"\xff"] {
        assert_eq!(error_of(&sign(header, claims)), VerifyError::InvalidJson(TokenPart::Claims), "{claims:?}");
    }
}

#[test]
fn an_oversized_token_is_rejected_before_anything_else() {
    assert_eq!(error_of(&"A".repeat(MAX_TOKEN_BYTES + 1)), VerifyError::TooLong);
}

proptest! {
    #[test]
    fn what_is_signed_is_read_back(kid in ".{0,20}", typ in ".{0,20}", sub in ".{0,60}", exp: i64) {
        let key = SigningKey::generate(kid.as_str()).unwrap();
        let claims = json!({"sub": sub, "exp": exp, "nested": {"list": [1, "two", null]}});
        let token = key.sign_jwt(&typ, &claims);
        let published = serde_json::to_string(&JwkSet { keys: vec![key.public_jwk()] }).unwrap();
        let verified = verify(&token, &serde_json::from_str(&published).unwrap(), Some(&typ)).unwrap();
        prop_assert_eq!(&verified.header.kid, &kid);
        prop_assert_eq!(verified.claim_str("sub"), Some(sub.as_str()));
        prop_assert_eq!(verified.claim_i64("exp"), Some(exp));
        prop_assert_eq!(Value::Object(verified.claims), claims);
    }

    #[test]
    fn no_text_panics_and_none_is_accepted(text in "[A-Za-z0-9_.=-]{0,200}|\\PC{0,60}") {
        prop_assert!(verify(&text, &keys(), None).is_err());
    }
}
