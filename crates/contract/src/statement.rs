//! Statements of the service client, with an age, a lifetime and a user id that the run chooses, and the service
//! client's own token.

use authress_verifier::{AccessKey, LIFETIME_S, TOKEN_TYPE};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

/// How long the service client's own token lasts, in seconds: as long as a run.
const MANAGEMENT_TOKEN_LIFETIME_S: u64 = 1800;

/// A statement that the browser's script asks for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Statement {
    state: String,
    redirect_uri: String,
    pub(crate) user_id: String,
    /// How long ago it was signed, in seconds.
    #[serde(default)]
    age_seconds: u64,
    /// The verifier's own lifetime when absent.
    #[serde(default)]
    lifetime_seconds: Option<u64>,
    /// Unique for each statement.
    token_id: String,
}

impl Statement {
    /// The URL that the verifier would redirect to. It contains a credential.
    pub(crate) fn location(&self, key: &AccessKey, authress_origin: &str, now_s: u64) -> anyhow::Result<String> {
        let issuer = issuer(key, authress_origin);
        let code = key.signing_key().sign_jwt(TOKEN_TYPE, &self.claims(key, &issuer, now_s));
        let mut location: Url = self.redirect_uri.parse()?;
        location.query_pairs_mut().extend_pairs([("code", &code), ("iss", &issuer), ("state", &self.state)]);
        Ok(location.into())
    }

    fn claims(&self, key: &AccessKey, issuer: &str, now_s: u64) -> Value {
        let issued_at = now_s.saturating_sub(self.age_seconds);
        let lifetime = self.lifetime_seconds.unwrap_or(LIFETIME_S);
        json!({
            "aud": audience(key),
            "iss": issuer,
            "sub": self.user_id,
            "client_id": key.client_id(),
            "iat": issued_at,
            "exp": issued_at + lifetime,
            "max_age": lifetime,
            "scope": "openid",
            "jti": self.token_id,
        })
    }
}

/// The service client's own token, with which the users of the run are deleted.
pub(crate) fn management_token(key: &AccessKey, authress_origin: &str, now_s: u64) -> String {
    let claims = json!({
        "aud": audience(key),
        "iss": issuer(key, authress_origin),
        "sub": key.client_id(),
        "client_id": key.client_id(),
        "iat": now_s,
        "exp": now_s + MANAGEMENT_TOKEN_LIFETIME_S,
        "scope": "openid",
    });
    key.signing_key().sign_jwt("at+jwt", &claims)
}

fn audience(key: &AccessKey) -> String {
    format!("{}.accounts.authress.io", key.account_id())
}

fn issuer(key: &AccessKey, authress_origin: &str) -> String {
    format!("{authress_origin}/v1/clients/{}", key.client_id())
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;
    use std::time::{Duration, Instant};

    use authress_verifier::{ClockReading, Decision, ENTROPY_BYTES, LoginRequest, Verifier, decide};
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    /// The test key of RFC 8037 appendix A.1.
    pub(crate) const KEY: &str = "sc_shop.k1.acc-1.MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g";
    const ORIGIN: &str = "https://login.example.com";
    const NOW: u64 = 1_700_000_000;

    fn parts(location: &str) -> (BTreeMap<String, String>, Value, Value) {
        let url: Url = location.parse().unwrap();
        assert_eq!(url.path(), "/login");
        let parameters: BTreeMap<_, _> = url.query_pairs().into_owned().collect();
        let segment = |index| {
            let text = parameters["code"].split('.').nth(index).unwrap();
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
        };
        (parameters.clone(), segment(0), segment(1))
    }

    fn statement() -> Value {
        json!({ "state": "S", "redirectUri": "https://login.example.com/login", "userId": "user_1", "tokenId": "T" })
    }

    #[test]
    fn an_ordinary_statement_has_the_form_of_the_verifiers() {
        let verifier = Verifier::new(ORIGIN.parse().unwrap(), KEY.parse().unwrap());
        let now = ClockReading { since_1970: Duration::from_secs(NOW), monotonic: Instant::now() };
        let query = "client_id=sc_shop&state=S&redirect_uri=https%3A%2F%2Flogin.example.com%2Flogin";
        let request = LoginRequest::parse(query).unwrap();
        let Decision::Redirect { location } = decide(&request, &verifier, &[0; ENTROPY_BYTES], now) else { panic!() };
        let (their_parameters, their_header, mut theirs) = parts(&location);

        let asked: Statement = serde_json::from_value(statement()).unwrap();
        let (our_parameters, our_header, mut ours) =
            parts(&asked.location(&KEY.parse().unwrap(), ORIGIN, NOW).unwrap());
        for claims in [&mut theirs, &mut ours] {
            for own in ["sub", "jti"] {
                claims[own] = Value::Null;
            }
        }
        assert_eq!((ours, our_header), (theirs, their_header));
        assert_eq!(our_parameters.keys().collect::<Vec<_>>(), their_parameters.keys().collect::<Vec<_>>());
        assert_eq!(our_parameters["iss"], their_parameters["iss"]);
    }

    #[test]
    fn age_lifetime_and_user_id_can_be_chosen() {
        let mut asked = statement();
        asked["ageSeconds"] = 61.into();
        asked["lifetimeSeconds"] = 3600.into();
        asked["userId"] = "slack|T0/U1".into();
        let asked: Statement = serde_json::from_value(asked).unwrap();
        let (_, _, claims) = parts(&asked.location(&KEY.parse().unwrap(), ORIGIN, NOW).unwrap());
        assert_eq!(claims["iat"], NOW - 61);
        assert_eq!(claims["exp"], NOW - 61 + 3600);
        assert_eq!(claims["sub"], "slack|T0/U1");
    }
}
