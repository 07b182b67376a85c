//! What all identifiers have in common.

use std::fmt;

use serde::{Deserialize, Deserializer};

/// A text is not a valid value. Contains the rule and nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidValue {
    /// What the value was to be, for example `user id`.
    pub name: &'static str,
    /// What is allowed, as the end of a sentence.
    pub allowed: &'static str,
}

impl fmt::Display for InvalidValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} must be {}", self.name, self.allowed)
    }
}

impl std::error::Error for InvalidValue {}

/// A value that Authress has sent, which is kept as it is.
pub(crate) trait Received {
    fn received(text: String) -> Self;
}

pub(crate) fn received<'de, D: Deserializer<'de>, T: Received>(deserializer: D) -> Result<T, D::Error> {
    String::deserialize(deserializer).map(T::received)
}

pub(crate) fn received_all<'de, D: Deserializer<'de>, T: Received>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    Ok(texts.into_iter().map(T::received).collect())
}

pub(crate) fn received_option<'de, D: Deserializer<'de>, T: Received>(deserializer: D) -> Result<Option<T>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(T::received))
}

/// Defines an identifier: a text with a rule. `Deserialize` applies the rule as well, because applications read
/// identifiers from requests.
macro_rules! text_value {
    ($(#[$documentation:meta])* $name:ident, $what:literal, $allowed:literal, $is_valid:expr) => {
        $(#[$documentation])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl $name {
            #[doc = concat!("Checks the text: ", $allowed, ".")]
            ///
            /// # Errors
            /// [`InvalidValue`].
            pub fn new(text: impl Into<String>) -> Result<Self, InvalidValue> {
                let text = text.into();
                let is_valid: fn(&str) -> bool = $is_valid;
                if is_valid(&text) { Ok(Self(text)) } else { Err(InvalidValue { name: $what, allowed: $allowed }) }
            }

            /// Returns the text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidValue;

            fn from_str(text: &str) -> Result<Self, InvalidValue> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidValue;

            fn try_from(text: String) -> Result<Self, InvalidValue> {
                Self::new(text)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl $crate::values::text_value::Received for $name {
            fn received(text: String) -> Self {
                Self(text)
            }
        }
    };
}

pub(super) use text_value;
