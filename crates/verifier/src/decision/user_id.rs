//! Ids of anonymous users.
//!
//! An id becomes permanent when the user logs in for the first time. So it must not be guessable, must be unique, and
//! must not depend on the request.

use std::fmt;
use std::str::FromStr;

/// The beginning of every user id.
pub const USER_ID_PREFIX: &str = "user_";

/// The prefix of the user ids of one deployment after [`USER_ID_PREFIX`]. It shows where an id was created. It is
/// empty, or 1 to 16 lower-case letters and digits, followed by a `_` in the id: `user_eu1_7z…`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserIdPrefix(String);

impl FromStr for UserIdPrefix {
    type Err = InvalidUserIdPrefix;

    fn from_str(text: &str) -> Result<Self, InvalidUserIdPrefix> {
        let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        if text.len() > MAX_PREFIX_BYTES || !text.bytes().all(is_allowed) {
            return Err(InvalidUserIdPrefix);
        }
        Ok(Self(text.to_owned()))
    }
}

/// The text has more than 16 characters, or others than lower-case letters and digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidUserIdPrefix;

impl fmt::Display for InvalidUserIdPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "must be at most {MAX_PREFIX_BYTES} lower-case letters and digits")
    }
}

impl std::error::Error for InvalidUserIdPrefix {}

/// Creates a user id: `user_`, the prefix, and 26 lower-case letters and digits that encode 128 random bits.
///
/// Each character encodes 5 bits. The alphabet has exactly 32 symbols, so every value has one spelling and no symbol is
/// more likely than another (except the first character, which has three bits left and is one of `0` to `7`). It omits
/// `i`, `l`, `o` and `u`, so that an id can be read aloud to a support desk.
pub(crate) fn from_entropy(prefix: &UserIdPrefix, entropy: [u8; 16]) -> String {
    let mut id = String::with_capacity(USER_ID_PREFIX.len() + prefix.0.len() + 1 + CHARACTERS);
    id.push_str(USER_ID_PREFIX);
    if !prefix.0.is_empty() {
        id.push_str(&prefix.0);
        id.push('_');
    }
    push_128_bits(&mut id, entropy);
    id
}

/// Returns the 26 characters alone, for other ids with the same properties.
pub(crate) fn text_of_128_bits(entropy: [u8; 16]) -> String {
    let mut text = String::with_capacity(CHARACTERS);
    push_128_bits(&mut text, entropy);
    text
}

fn push_128_bits(text: &mut String, entropy: [u8; 16]) {
    let mut value = u128::from_be_bytes(entropy);
    let mut symbols = [0; CHARACTERS];
    for symbol in symbols.iter_mut().rev() {
        let index = usize::try_from(value & 31).unwrap_or_default();
        *symbol = ALPHABET.get(index).copied().unwrap_or_default();
        value >>= 5;
    }
    // The alphabet is ASCII.
    text.push_str(std::str::from_utf8(&symbols).unwrap_or_default());
}

const MAX_PREFIX_BYTES: usize = 16;
const CHARACTERS: usize = 26;
const ALPHABET: [u8; 32] = *b"0123456789abcdefghjkmnpqrstvwxyz";

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_smallest_and_the_largest_value_have_26_characters() {
        assert_eq!(from_entropy(&UserIdPrefix::default(), [0; 16]), "user_00000000000000000000000000");
        assert_eq!(from_entropy(&UserIdPrefix::default(), [0xff; 16]), "user_7zzzzzzzzzzzzzzzzzzzzzzzzz");
    }

    /// Authress's SDK for Python documents this alphabet, at most 128 characters in bodies and 64 in paths.
    #[test]
    fn the_longest_id_has_the_form_of_authresss_user_ids() {
        let id = from_entropy(&"1234567890abcdef".parse().unwrap(), [0xff; 16]);
        assert_eq!(id.len(), 48);
        assert!(id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+._|/~:@- ".contains(&byte)));
    }

    #[test]
    fn each_of_the_128_bits_changes_the_id() {
        let ids: HashSet<String> =
            (0..128).map(|bit| from_entropy(&UserIdPrefix::default(), (1_u128 << bit).to_be_bytes())).collect();
        assert_eq!(ids.len(), 128);
        assert!(!ids.contains(&from_entropy(&UserIdPrefix::default(), [0; 16])));
    }

    #[test]
    fn the_prefix_is_between_user_and_the_random_part() {
        let prefix: UserIdPrefix = "eu1".parse().unwrap();
        assert_eq!(from_entropy(&prefix, [0; 16]), "user_eu1_00000000000000000000000000");
        assert_eq!("".parse(), Ok(UserIdPrefix::default()));
        for wrong in ["EU", "eu_1", "e-1", "é", "seventeen-letters", "12345678901234567"] {
            assert_eq!(wrong.parse::<UserIdPrefix>(), Err(InvalidUserIdPrefix), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn every_value_can_be_decoded(entropy: [u8; 16]) {
            let id = from_entropy(&UserIdPrefix::default(), entropy);
            let text = id.strip_prefix(USER_ID_PREFIX).unwrap();
            prop_assert!(text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
            let value = text.bytes().fold(0_u128, |value, byte| {
                (value << 5) | ALPHABET.iter().position(|&symbol| symbol == byte).unwrap() as u128
            });
            prop_assert_eq!(value.to_be_bytes(), entropy);
        }
    }
}
