//! Base64 in the URL-safe alphabet without padding (RFC 4648 section 5).
//!
//! The crate `base64ct` is not used: it adds two kilobytes to the module and decodes one alphabet only. A test compares
//! both.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const BITS: u32 = 6;

/// Encodes bytes with `-` and `_`, without padding.
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    let (mut bits, mut count) = (0_u32, 0);
    for byte in bytes {
        bits = bits << 8 | u32::from(*byte);
        count += 8;
        while count >= BITS {
            count -= BITS;
            text.push(letter(bits >> count));
        }
    }
    if count > 0 {
        text.push(letter(bits << (BITS - count)));
    }
    text
}

/// Encodes bytes in the standard alphabet with padding, as `btoa` does in browsers.
pub fn encode_standard(bytes: &[u8]) -> String {
    let mut text = encode(bytes).replace('-', "+").replace('_', "/");
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

/// Decodes either alphabet, with or without padding. Returns `None` for anything else.
///
/// Not all tokens in use are unpadded, and the published client decodes both.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let unpadded = text.strip_suffix('=').unwrap_or(text);
    let unpadded = unpadded.strip_suffix('=').unwrap_or(unpadded);
    let mut bytes = Vec::with_capacity(unpadded.len() * 3 / 4);
    let (mut bits, mut count) = (0_u32, 0);
    for letter in unpadded.bytes() {
        let letter = match letter {
            b'+' => b'-',
            b'/' => b'_',
            letter => letter,
        };
        let value = ALPHABET.iter().position(|known| *known == letter)?;
        bits = bits << BITS | value as u32;
        count += BITS;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    // The bits after the last byte are fewer than a character has, and all zero.
    let is_whole = count < BITS && bits & ((1 << count) - 1) == 0;
    is_whole.then_some(bytes)
}

fn letter(value: u32) -> char {
    ALPHABET.get((value & 63) as usize).map_or('A', |letter| char::from(*letter))
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64ct::{Base64UrlUnpadded, Encoding};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn base64ct_encodes_and_decodes_the_same(bytes: Vec<u8>, text in "[A-Za-z0-9_-]{0,20}") {
            let coded = encode(&bytes);
            prop_assert_eq!(&coded, &Base64UrlUnpadded::encode_string(&bytes));
            prop_assert_eq!(decode(&coded), Some(bytes));
            prop_assert_eq!(decode(&text), Base64UrlUnpadded::decode_vec(&text).ok());
        }
    }

    #[test]
    fn both_alphabets_and_padding_are_decoded() {
        for text in ["-_8", "-_8=", "+/8", "+/8="] {
            assert_eq!(decode(text), Some(vec![0xfb, 0xff]), "{text}");
        }
        for text in ["a", "*", "-_8===", "é"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }

    #[test]
    fn rfc_4648_vectors() {
        for (plain, coded) in [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(encode(plain.as_bytes()), coded);
            assert_eq!(decode(coded), Some(plain.as_bytes().to_vec()));
        }
    }
}
