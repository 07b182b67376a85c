//! Base64 in the URL alphabet without padding, RFC 4648 section 5.

use base64ct::{Base64UrlUnpadded, Encoding};

/// Encodes bytes with `-` and `_` and without `=`.
pub fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

/// Encodes bytes in the standard alphabet with padding, as browsers' `btoa` does.
// The other alphabet's coder would be in the module a second time.
pub fn encode_standard(bytes: &[u8]) -> String {
    let mut text = encode(bytes).replace('-', "+").replace('_', "/");
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

/// Decodes either alphabet, with or without padding; `None` for anything else.
///
/// Tokens in the wild are not all unpadded: the published client decodes both, so do we.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let unpadded = text.trim_end_matches('=');
    if text.len() - unpadded.len() > 2 {
        return None;
    }
    Base64UrlUnpadded::decode_vec(&unpadded.replace('+', "-").replace('/', "_")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_alphabets_and_padding_are_read() {
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
