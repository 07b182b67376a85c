//! Ids of anonymous users.
//!
//! An id becomes the user's permanent one when they log in for the first time, so it must never
//! be guessable, never be given twice and never come from the request.

use std::fmt;
use std::str::FromStr;

/// What every user id begins with.
pub const USER_ID_PREFIX: &str = "user_";

/// What the user ids of one deployment have in common after [`USER_ID_PREFIX`], so that one can see
/// where an id was made. Empty, or 1 to 16 lower-case letters and digits, written with a `_` after
/// them: `user_eu1_7z…`.
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

/// A prefix with other characters than lower-case letters and digits, or with too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidUserIdPrefix;

impl fmt::Display for InvalidUserIdPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "must be at most {MAX_PREFIX_BYTES} lower-case letters and digits")
    }
}

impl std::error::Error for InvalidUserIdPrefix {}

/// A new user id: `user_` and 26 lower-case letters and digits that stand for 128 random bits.
///
/// Each character stands for 5 bits, and 26 is the least number of them that holds 128 bits. The
/// alphabet has exactly 32 symbols, so that every value has one spelling and no symbol is more
/// likely than another (only the first character, which has three bits left, is always one of
/// `0` to `7`). `i`, `l`, `o` and `u` are left out: an id can be read aloud to a support desk.
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

/// The 26 characters alone, for other ids that need the same properties.
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

    #[test]
    fn each_of_the_128_bits_changes_the_id() {
        let ids: HashSet<String> =
            (0..128).map(|bit| from_entropy(&UserIdPrefix::default(), (1_u128 << bit).to_be_bytes())).collect();
        assert_eq!(ids.len(), 128);
        assert!(!ids.contains(&from_entropy(&UserIdPrefix::default(), [0; 16])));
    }

    #[test]
    fn a_prefix_stands_after_user_and_before_the_random_part() {
        let prefix: UserIdPrefix = "eu1".parse().unwrap();
        assert_eq!(from_entropy(&prefix, [0; 16]), "user_eu1_00000000000000000000000000");
        assert_eq!("".parse(), Ok(UserIdPrefix::default()));
        for wrong in ["EU", "eu_1", "e-1", "é", "seventeen-letters", "12345678901234567"] {
            assert_eq!(wrong.parse::<UserIdPrefix>(), Err(InvalidUserIdPrefix), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn every_value_can_be_read_back(entropy: [u8; 16]) {
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
