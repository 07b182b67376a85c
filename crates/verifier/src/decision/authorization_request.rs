//! The signed statement that a service client vouches for a user id: the `code` of the response.

use std::time::Duration;

use authress_access_key::AccessKey;
use authress_jws::ProtectedHeader;
use serde::Serialize;

use super::user_id;

/// The `typ` header (the media type of RFC 9101 section 10.8). It distinguishes this JWT from an access token, which
/// has `at+jwt`.
pub const TOKEN_TYPE: &str = "oauth-authz-req+jwt";

/// The lifetime of the statement and its `max_age`, in seconds. It only has to last for one redirect.
pub const LIFETIME_S: u64 = 60;

/// Signs statements with one access key. The parts that all of them share are computed once.
#[derive(Debug)]
pub(crate) struct Signer {
    access_key: AccessKey,
    audience: String,
    header: ProtectedHeader,
}

impl Signer {
    pub(crate) fn new(access_key: AccessKey) -> Self {
        let audience = access_key.audience();
        let header = access_key.signing_key().protected_header(TOKEN_TYPE);
        Self { access_key, audience, header }
    }

    pub(crate) fn access_key(&self) -> &AccessKey {
        &self.access_key
    }

    /// Signs the statement for `user_id`. `now` is the time since 1970, truncated to seconds so that `iat` is never in
    /// the future of a server with the same clock.
    pub(crate) fn sign(&self, issuer: &str, user_id: &str, token_id: [u8; 16], now: Duration) -> String {
        let iat = now.as_secs();
        let claims = Claims {
            aud: &self.audience,
            iss: issuer,
            sub: user_id,
            client_id: self.access_key.client_id(),
            iat,
            exp: iat.saturating_add(LIFETIME_S),
            max_age: LIFETIME_S,
            scope: "openid",
            jti: user_id::text_of_128_bits(token_id),
        };
        self.access_key.signing_key().sign_with(&self.header, &claims)
    }
}

#[derive(Serialize)]
struct Claims<'a> {
    aud: &'a str,
    iss: &'a str,
    sub: &'a str,
    client_id: &'a str,
    iat: u64,
    exp: u64,
    max_age: u64,
    scope: &'static str,
    /// Random (RFC 7519 section 4.1.7). Ed25519 is deterministic, and a server that accepts each statement once must be
    /// able to distinguish two statements for one user in one second.
    jti: String,
}

#[cfg(test)]
mod tests {
    use authress_jws::{JwkSet, SigningKey, verify};
    use base64ct::{Base64, Encoding};
    use serde_json::json;

    use super::*;

    #[test]
    fn header_and_claims_are_as_documented() {
        let der = SigningKey::generate("").unwrap().to_pkcs8_der();
        let access_key: AccessKey = format!("sc_shop.k1.acc-1.{}", Base64::encode_string(&der)).parse().unwrap();
        let now = Duration::from_millis(1_700_000_000_999);
        let keys = JwkSet { keys: vec![access_key.signing_key().public_jwk()] };
        let signer = Signer::new(access_key);
        let code = signer.sign("https://login.example.com/v1/clients/sc_shop", "user_1", [0; 16], now);

        let verified = verify(&code, &keys, Some("oauth-authz-req+jwt")).unwrap();
        assert_eq!(verified.header.kid, "k1");
        assert_eq!(
            serde_json::Value::Object(verified.claims),
            json!({
                "aud": "acc-1.accounts.authress.io",
                "iss": "https://login.example.com/v1/clients/sc_shop",
                "sub": "user_1",
                "client_id": "sc_shop",
                "iat": 1_700_000_000,
                "exp": 1_700_000_060,
                "max_age": 60,
                "scope": "openid",
                "jti": "00000000000000000000000000",
            })
        );
    }
}
