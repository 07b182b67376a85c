//! Whose request is it? The shop's whole token policy, in one pure function.
//!
//! An anonymous shopper's token and a signed-in shopper's token are treated alike: both name a
//! user id that stays the same when the one becomes the other.

use std::fmt;

use authress_jws::{JwkSet, VerifyError};

/// Somebody whose access token was good.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Shopper {
    /// The `sub` of the token.
    pub user_id: String,
}

/// Decides whose access token this is, at `now` in seconds since 1970.
///
/// The token must be signed with one of the issuer's `keys`, be an access token (`typ` is
/// `at+jwt`, RFC 9068 section 2.1), come from exactly `issuer`, be valid now (no leeway), and have
/// been issued for the application with `application_id`. Tokens of other applications of the
/// same account have the same signature keys and issuer: without the last check a token that a
/// user gave to another application would open their cart here.
///
/// # Errors
/// The first [`Refusal`] that applies, in that order.
pub fn verify(token: &str, keys: &JwkSet, issuer: &str, application_id: &str, now: i64) -> Result<Shopper, Refusal> {
    let token = authress_jws::verify(token, keys, Some(ACCESS_TOKEN_TYPE)).map_err(Refusal::from)?;
    if token.claim_str("iss") != Some(issuer) {
        return Err(Refusal::OtherIssuer);
    }
    // RFC 7519 section 4.1.4: on or after `exp` a token must not be accepted.
    match token.claim_i64("exp") {
        Some(exp) if now < exp => {}
        Some(_) => return Err(Refusal::Expired),
        None => return Err(Refusal::Malformed),
    }
    match (token.claims.contains_key("nbf"), token.claim_i64("nbf")) {
        (false, _) => {}
        (true, Some(nbf)) if nbf <= now => {}
        (true, Some(_)) => return Err(Refusal::NotYetValid),
        (true, None) => return Err(Refusal::Malformed),
    }
    if token.claim_str("client_id") != Some(application_id) {
        return Err(Refusal::OtherApplication);
    }
    match token.claim_str("sub") {
        Some(sub) if !sub.is_empty() && sub.len() <= MAX_USER_ID_BYTES => Ok(Shopper { user_id: sub.to_owned() }),
        Some(_) | None => Err(Refusal::NoUserId),
    }
}

/// Why a token opens no cart. Holds nothing of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No `Authorization: Bearer` header with one token.
    Missing,
    /// Not a signed JWT with the claims an access token has.
    Malformed,
    /// A token made for another purpose, for example an id token.
    WrongType,
    /// Signed with a key the issuer does not publish (any more).
    UnknownKey,
    /// The signature does not fit.
    InvalidSignature,
    /// Another Authress account or custom domain.
    OtherIssuer,
    /// Too late.
    Expired,
    /// Too early.
    NotYetValid,
    /// Issued for another application.
    OtherApplication,
    /// `sub` is missing, empty or longer than any user id.
    NoUserId,
}

impl Refusal {
    /// The stable code of this refusal.
    pub fn code(self) -> &'static str {
        match self {
            Self::Missing => "TokenMissing",
            Self::Malformed => "TokenMalformed",
            Self::WrongType => "TokenWrongType",
            Self::UnknownKey => "TokenUnknownKey",
            Self::InvalidSignature => "TokenInvalidSignature",
            Self::OtherIssuer => "TokenOtherIssuer",
            Self::Expired => "TokenExpired",
            Self::NotYetValid => "TokenNotYetValid",
            Self::OtherApplication => "TokenOtherApplication",
            Self::NoUserId => "TokenNoUserId",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "send one access token as Authorization: Bearer",
            Self::Malformed => "this is not an access token; send what ensureToken() returned",
            Self::WrongType => "this token is not an access token (typ at+jwt); do not send the id token",
            Self::UnknownKey => "the token is signed with a key its issuer does not publish; log in again",
            Self::InvalidSignature => "the token's signature is not valid; send the token unchanged",
            Self::OtherIssuer => "the token is from another issuer than this shop's; log in at this shop",
            Self::Expired => "the token has expired; get a new one with ensureToken()",
            Self::NotYetValid => "the token is not valid yet; check the server's clock",
            Self::OtherApplication => "the token is for another application; log in at this shop",
            Self::NoUserId => "the token names no user; log in again",
        })
    }
}

impl std::error::Error for Refusal {}

impl From<VerifyError> for Refusal {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::TooLong
            | VerifyError::NotThreeSegments
            | VerifyError::InvalidBase64(_)
            | VerifyError::InvalidJson(_)
            | VerifyError::UnsupportedAlgorithm
            | VerifyError::UnsupportedExtension
            | VerifyError::MissingKeyId => Self::Malformed,
            VerifyError::UnexpectedType => Self::WrongType,
            VerifyError::UnknownKeyId => Self::UnknownKey,
            VerifyError::InvalidSignature => Self::InvalidSignature,
        }
    }
}

const ACCESS_TOKEN_TYPE: &str = "at+jwt";

/// Carts are kept by user id, so its length is bounded. Authress's are far below this.
const MAX_USER_ID_BYTES: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use authress_jws::SigningKey;
    use serde_json::{Value, json};

    const ISSUER: &str = "http://127.0.0.1:8888";
    const NOW: i64 = 1_800_000_000;

    struct Issuer {
        key: SigningKey,
    }

    impl Issuer {
        fn new() -> Self {
            Self { key: SigningKey::generate("k1").unwrap() }
        }

        fn keys(&self) -> JwkSet {
            JwkSet { keys: vec![self.key.public_jwk()] }
        }

        /// A good token with some claims changed; `null` removes one.
        fn token(&self, typ: &str, changes: &[(&str, Value)]) -> String {
            let mut claims = json!({
                "iss": ISSUER, "sub": "user_a", "client_id": "app_demo", "azp": "sc_demoShop",
                "iat": NOW - 10, "exp": NOW + 1,
            });
            for (name, value) in changes {
                match value {
                    Value::Null => claims.as_object_mut().unwrap().remove(*name),
                    other => claims.as_object_mut().unwrap().insert((*name).to_owned(), other.clone()),
                };
            }
            self.key.sign_jwt(typ, &claims)
        }

        fn verify(&self, changes: &[(&str, Value)]) -> Result<Shopper, Refusal> {
            verify(&self.token("at+jwt", changes), &self.keys(), ISSUER, "app_demo", NOW)
        }
    }

    #[test]
    fn a_good_token_names_its_shopper() {
        assert_eq!(Issuer::new().verify(&[]), Ok(Shopper { user_id: "user_a".into() }));
    }

    #[test]
    fn a_token_ends_at_its_exp_and_not_later() {
        assert_eq!(Issuer::new().verify(&[("exp", json!(NOW))]), Err(Refusal::Expired));
        assert_eq!(Issuer::new().verify(&[("exp", json!(0))]), Err(Refusal::Expired));
    }

    #[test]
    fn a_token_without_a_whole_number_in_exp_is_refused() {
        for exp in [Value::Null, json!("soon"), json!(1.5e300), json!(u64::MAX)] {
            assert_eq!(Issuer::new().verify(&[("exp", exp.clone())]), Err(Refusal::Malformed), "{exp}");
        }
    }

    #[test]
    fn a_token_with_nbf_is_not_valid_before_it() {
        assert!(Issuer::new().verify(&[("nbf", json!(NOW))]).is_ok());
        assert_eq!(Issuer::new().verify(&[("nbf", json!(NOW + 1))]), Err(Refusal::NotYetValid));
        assert_eq!(Issuer::new().verify(&[("nbf", json!("later"))]), Err(Refusal::Malformed));
    }

    #[test]
    fn only_the_exact_issuer_is_accepted() {
        let looks_alike =
            [Value::Null, json!(format!("{ISSUER}/")), json!(format!("{ISSUER}.evil.test")), json!([ISSUER])];
        for iss in looks_alike {
            assert_eq!(Issuer::new().verify(&[("iss", iss.clone())]), Err(Refusal::OtherIssuer), "{iss}");
        }
    }

    #[test]
    fn a_token_for_another_application_is_refused() {
        for client_id in [Value::Null, json!("app_other"), json!("app_demo "), json!(["app_demo"])] {
            let refused = Issuer::new().verify(&[("client_id", client_id.clone())]);
            assert_eq!(refused, Err(Refusal::OtherApplication), "{client_id}");
        }
    }

    #[test]
    fn a_token_without_a_usable_sub_is_refused() {
        for sub in [Value::Null, json!(""), json!(7), json!("u".repeat(257))] {
            assert_eq!(Issuer::new().verify(&[("sub", sub.clone())]), Err(Refusal::NoUserId), "{sub}");
        }
    }

    #[test]
    fn tokens_of_other_types_are_refused() {
        let issuer = Issuer::new();
        for typ in ["JWT", "oauth-authz-req+jwt", "AT+JWT", ""] {
            let refused = verify(&issuer.token(typ, &[]), &issuer.keys(), ISSUER, "app_demo", NOW);
            assert_eq!(refused, Err(Refusal::WrongType), "{typ}");
        }
    }

    #[test]
    fn a_foreign_signature_under_a_known_kid_is_refused() {
        let (real, forger) = (Issuer::new(), Issuer::new());
        let refused = verify(&forger.token("at+jwt", &[]), &real.keys(), ISSUER, "app_demo", NOW);
        assert_eq!(refused, Err(Refusal::InvalidSignature));
    }

    #[test]
    fn an_unknown_key_is_told_apart_so_that_keys_can_be_fetched_again() {
        let issuer = Issuer::new();
        let refused = verify(&issuer.token("at+jwt", &[]), &JwkSet::default(), ISSUER, "app_demo", NOW);
        assert_eq!(refused, Err(Refusal::UnknownKey));
    }

    #[test]
    fn things_that_are_no_tokens_are_refused() {
        let issuer = Issuer::new();
        for text in ["", "x", "a.b", "a.b.c", "....", "sc_x.k1.acc_1.key"] {
            let refused = verify(text, &issuer.keys(), ISSUER, "app_demo", NOW);
            assert_eq!(refused, Err(Refusal::Malformed), "{text:?}");
        }
    }
}
