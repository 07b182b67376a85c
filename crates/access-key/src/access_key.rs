//! The service client's access key, as Authress shows it once when it is created.

use std::fmt;
use std::str::FromStr;

use authress_jws::SigningKey;
use base64ct::{Base64Unpadded, Encoding};
use zeroize::Zeroizing;

/// An access key: `{clientId}.{keyId}.{accountId}.{privateKey}`.
///
/// The private key is an Ed25519 key as a PKCS#8 document in base64, in the standard or the URL alphabet, padded or
/// not. It is parsed once and never printed. White space around the whole text is ignored, because files end in a line
/// break.
#[derive(Debug)]
pub struct AccessKey {
    client_id: String,
    account_id: String,
    signing_key: SigningKey,
}

impl AccessKey {
    /// Returns the service client's id, for example `sc_…`. Not a secret.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Returns the Authress account's id, for example `acc-…`. Not a secret.
    pub fn account_id(&self) -> &str {
        &self.account_id
    }

    /// Returns the key's id, under which Authress publishes the public key. Not a secret.
    pub fn key_id(&self) -> &str {
        self.signing_key.kid()
    }

    /// Returns the `aud` of everything that the key signs. Not a secret.
    pub fn audience(&self) -> String {
        format!("{}.accounts.authress.io", self.account_id)
    }

    /// Returns whether both are the same key of the same service client.
    pub fn is_same(&self, other: &Self) -> bool {
        let ids = |key: &Self| (key.client_id.clone(), key.account_id.clone());
        ids(self) == ids(other) && self.signing_key.public_jwk() == other.signing_key.public_jwk()
    }

    /// Returns the key that signs.
    pub fn signing_key(&self) -> &SigningKey {
        &self.signing_key
    }
}

impl FromStr for AccessKey {
    type Err = AccessKeyError;

    fn from_str(text: &str) -> Result<Self, AccessKeyError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(AccessKeyError::Empty);
        }
        // The base64 of `{"`: the legacy form is a JSON document in base64.
        if text.starts_with("eyJ") {
            return Err(AccessKeyError::LegacyForm);
        }
        let mut parts = text.split('.');
        let (Some(client_id), Some(key_id), Some(account_id), Some(private_key), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(AccessKeyError::WrongNumberOfParts { found: text.split('.').count() });
        };
        if !is_identifier(client_id) {
            return Err(AccessKeyError::InvalidClientId);
        }
        if !is_identifier(key_id) {
            return Err(AccessKeyError::InvalidKeyId);
        }
        if !is_identifier(account_id) {
            return Err(AccessKeyError::InvalidAccountId);
        }
        let der = decode_either_alphabet(private_key).ok_or(AccessKeyError::PrivateKeyNotBase64)?;
        let signing_key = SigningKey::from_pkcs8_der(key_id, &der).map_err(|_| AccessKeyError::PrivateKeyNotEd25519)?;
        Ok(Self { client_id: client_id.to_owned(), account_id: account_id.to_owned(), signing_key })
    }
}

/// Why a text is not an access key. Holds and prints nothing of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessKeyError {
    /// The text is empty or white space.
    Empty,
    /// The legacy form, a base64 JSON document with an RSA key.
    LegacyForm,
    /// The text does not have four parts: usually it was truncated while copying, or is another kind of secret.
    WrongNumberOfParts {
        /// The number of parts.
        found: usize,
    },
    /// The first part is not a client id: usually a quotation mark or the name of a variable precedes it.
    InvalidClientId,
    /// The second part is not a key id.
    InvalidKeyId,
    /// The third part is not an account id.
    InvalidAccountId,
    /// The fourth part is not base64: usually it was truncated or contains a line break.
    PrivateKeyNotBase64,
    /// The fourth part is base64, but not an Ed25519 key in PKCS#8.
    PrivateKeyNotEd25519,
}

impl AccessKeyError {
    /// Returns the error code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "AccessKeyEmpty",
            Self::LegacyForm => "AccessKeyLegacyForm",
            Self::WrongNumberOfParts { .. } => "AccessKeyWrongNumberOfParts",
            Self::InvalidClientId => "AccessKeyInvalidClientId",
            Self::InvalidKeyId => "AccessKeyInvalidKeyId",
            Self::InvalidAccountId => "AccessKeyInvalidAccountId",
            Self::PrivateKeyNotBase64 => "AccessKeyPrivateKeyNotBase64",
            Self::PrivateKeyNotEd25519 => "AccessKeyPrivateKeyNotEd25519",
        }
    }
}

impl fmt::Display for AccessKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const FORM: &str = "The form is {clientId}.{keyId}.{accountId}.{privateKey}";
        match self {
            Self::Empty => write!(f, "the access key is empty. {FORM}"),
            Self::LegacyForm => f.write_str(
                "this is a legacy access key (it begins with eyJ), which holds an RSA key. \
                 Create a new access key for the service client in the Authress management portal",
            ),
            Self::WrongNumberOfParts { found } => write!(
                f,
                "the access key has {found} parts separated by dots instead of 4. {FORM}. Copy the whole key again"
            ),
            Self::InvalidClientId => write!(
                f,
                "part 1 of the access key, the client id, must be {IDENTIFIER} (it usually begins with sc_). \
                 Remove quotation marks and anything else before it"
            ),
            Self::InvalidKeyId => {
                write!(f, "part 2 of the access key, the key id, must be {IDENTIFIER}. Copy the whole key again")
            }
            Self::InvalidAccountId => {
                write!(f, "part 3 of the access key, the account id, must be {IDENTIFIER}. Copy the whole key again")
            }
            Self::PrivateKeyNotBase64 => f.write_str(
                "part 4 of the access key, the private key, is not base64. \
                 Copy the whole key again, in one line and without quotation marks",
            ),
            Self::PrivateKeyNotEd25519 => f.write_str(
                "part 4 of the access key, the private key, is base64 but not an Ed25519 key in PKCS#8; \
                 it may be truncated. Copy the whole key again or create a new one",
            ),
        }
    }
}

impl std::error::Error for AccessKeyError {}

/// Returns whether the text can be an id of a client, key or account. The rule is wider than the ids that Authress
/// creates today, because older accounts and clients have others. It is narrow enough for a URL path without encoding.
fn is_identifier(text: &str) -> bool {
    (1..=MAX_IDENTIFIER_BYTES).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

fn decode_either_alphabet(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let unpadded = text.trim_end_matches('=');
    let standard: Zeroizing<String> = Zeroizing::new(
        unpadded
            .chars()
            .map(|character| match character {
                '-' => '+',
                '_' => '/',
                other => other,
            })
            .collect(),
    );
    Base64Unpadded::decode_vec(&standard).ok().map(Zeroizing::new)
}

const MAX_IDENTIFIER_BYTES: usize = 64;
const IDENTIFIER: &str = "1 to 64 letters, digits, _ or -";

#[cfg(test)]
mod tests {
    use base64ct::{Base64, Base64Url, Base64UrlUnpadded};

    use super::*;

    /// The key of RFC 8037 appendix A.1. The first 16 bytes are PKCS#8, the rest is `d`.
    const STANDARD: &str = "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g";

    fn error(text: &str) -> AccessKeyError {
        text.parse::<AccessKey>().unwrap_err()
    }

    #[test]
    fn the_four_parts_are_parsed() {
        let key: AccessKey = format!("sc_shop.k1.acc-1.{STANDARD}").parse().unwrap();
        assert_eq!(key.client_id(), "sc_shop");
        assert_eq!(key.account_id(), "acc-1");
        assert_eq!(key.audience(), "acc-1.accounts.authress.io");
        assert_eq!(key.signing_key().kid(), "k1");
        assert_eq!(key.signing_key().public_jwk().x(), "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    }

    #[test]
    fn both_base64_alphabets_give_the_same_key() {
        let der = Base64::decode_vec(STANDARD).unwrap();
        let url = Base64UrlUnpadded::encode_string(&der);
        assert_ne!(url, STANDARD);
        for text in [url, Base64Url::encode_string(&der), STANDARD.to_owned()] {
            let key: AccessKey = format!("sc_shop.k1.acc-1.{text}").parse().unwrap();
            assert_eq!(key.signing_key().public_jwk().x(), "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        }
    }

    #[test]
    fn keys_that_the_tests_of_authresss_sdks_publish_are_parsed() {
        for (text, parts) in [
            (
                "clientId.uDeF.acc-test_account_id.MC4CAQAwBQYDK2VwBCIEIE99LFw2c3DCiYwrY/Qkg1nIDiagoHtdCwb88RxarVYA",
                ("clientId", "uDeF", "acc-test_account_id"),
            ),
            (
                "CLINET.KEY.ACCOUNT.MC4CAQAwBQYDK2VwBCIEIIM7npIckfT431rYzEeF+hCqvHogpOllmVSgINwqQv+g",
                ("CLINET", "KEY", "ACCOUNT"),
            ),
            (
                "sc_aAKceYi7VJDCU8vB7HcTo3Q.pogP.ignore-account-id.MC4CAQAwBQYDK2VwBCIEIDVjjrIVCH3dVRq4ixRzBwjVHSoB2QzZ2iJuHq1Wshwp",
                ("sc_aAKceYi7VJDCU8vB7HcTo3Q", "pogP", "ignore-account-id"),
            ),
        ] {
            let key: AccessKey = text.parse().unwrap();
            assert_eq!((key.client_id(), key.key_id(), key.account_id()), parts);
        }
    }

    #[test]
    fn surrounding_white_space_is_ignored() {
        assert!(format!("\n sc_shop.k1.acc-1.{STANDARD}\r\n").parse::<AccessKey>().is_ok());
    }

    #[test]
    fn each_invalid_part_has_its_error() {
        let shortened = &STANDARD[..60];
        let rsa = Base64::encode_string(&[0x30, 0x82, 0x04, 0xbd, 0x02, 0x01, 0x00]);
        for (text, expected) in [
            (String::new(), AccessKeyError::Empty),
            (" \n".to_owned(), AccessKeyError::Empty),
            ("eyJrZXlJZCI6ImsxIn0=".to_owned(), AccessKeyError::LegacyForm),
            ("sc_shop".to_owned(), AccessKeyError::WrongNumberOfParts { found: 1 }),
            (format!("sc_shop.k1.{STANDARD}"), AccessKeyError::WrongNumberOfParts { found: 3 }),
            (format!("sc_shop.k1.acc-1.{STANDARD}.x"), AccessKeyError::WrongNumberOfParts { found: 5 }),
            (format!("\"sc_shop.k1.acc-1.{STANDARD}\""), AccessKeyError::InvalidClientId),
            (format!(".k1.acc-1.{STANDARD}"), AccessKeyError::InvalidClientId),
            (format!("sc_shöp.k1.acc-1.{STANDARD}"), AccessKeyError::InvalidClientId),
            (format!("sc_shop..acc-1.{STANDARD}"), AccessKeyError::InvalidKeyId),
            (format!("sc_shop.k1.acc/1.{STANDARD}"), AccessKeyError::InvalidAccountId),
            (format!("sc_shop.k1.{}.{STANDARD}", "a".repeat(65)), AccessKeyError::InvalidAccountId),
            (format!("sc_shop.k1.acc-1.{STANDARD}\""), AccessKeyError::PrivateKeyNotBase64),
            ("sc_shop.k1.acc-1.A".to_owned(), AccessKeyError::PrivateKeyNotBase64),
            ("sc_shop.k1.acc-1.".to_owned(), AccessKeyError::PrivateKeyNotEd25519),
            (format!("sc_shop.k1.acc-1.{shortened}"), AccessKeyError::PrivateKeyNotEd25519),
            (format!("sc_shop.k1.acc-1.{rsa}"), AccessKeyError::PrivateKeyNotEd25519),
        ] {
            assert_eq!(error(&text), expected, "{text:?}");
        }
    }

    #[test]
    fn neither_debug_nor_errors_print_key_material() {
        let key: AccessKey = format!("sc_shop.k1.acc-1.{STANDARD}").parse().unwrap();
        let printed = format!("{key:?}{key:#?}");
        assert!(printed.contains("sc_shop"));
        assert!(!printed.contains(&STANDARD[24..40]), "{printed}");
        let broken = format!("sc_shop.k1.acc-1.{STANDARD}!");
        let printed = format!("{0} {0:?}", error(&broken));
        assert!(!printed.contains(&STANDARD[24..40]), "{printed}");
    }
}
