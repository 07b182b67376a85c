use std::fmt;

/// The issuer's keys are not known and cannot be fetched now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeysUnavailable;

impl fmt::Display for KeysUnavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the issuer's public keys cannot be fetched; check its address and that it runs, then try again")
    }
}

impl std::error::Error for KeysUnavailable {}
