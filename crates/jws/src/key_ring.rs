//! An issuer's keys for both algorithms.

use serde::Deserialize;

use crate::jwk::{Jwk, JwkSet};
use crate::rsa::RsaJwk;

/// The public keys with which an issuer signs tokens, for both algorithms. Each key is for one algorithm: a
/// token with another `alg` and this key's `kid` has an unknown key.
///
/// As with [`JwkSet`], unusable keys of a document are skipped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyRing {
    /// For `EdDSA`.
    pub ed25519: JwkSet,
    /// For `RS512`.
    pub rsa: Vec<RsaJwk>,
}

impl KeyRing {
    /// Whether a key for either algorithm has this id.
    pub fn contains(&self, kid: &str) -> bool {
        self.ed25519.find(kid).is_some() || self.find_rsa(kid).is_some()
    }

    pub(crate) fn find_rsa(&self, kid: &str) -> Option<&RsaJwk> {
        self.rsa.iter().find(|key| key.kid() == kid)
    }
}

impl From<JwkSet> for KeyRing {
    fn from(ed25519: JwkSet) -> Self {
        Self { ed25519, rsa: Vec::new() }
    }
}

impl<'de> Deserialize<'de> for KeyRing {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct WireSet {
            keys: Vec<serde_json::Value>,
        }
        let mut ring = Self::default();
        for key in WireSet::deserialize(deserializer)?.keys {
            if let Ok(key) = serde_json::from_value::<Jwk>(key.clone()) {
                ring.ed25519.keys.push(key);
            } else if let Ok(key) = serde_json::from_value::<RsaJwk>(key) {
                ring.rsa.push(key);
            }
        }
        Ok(ring)
    }
}
