//! Time-based one-time codes: RFC 6238 with SHA-1, six digits and steps of 30 seconds, which is
//! what authenticator apps make.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use subtle::{Choice, ConstantTimeEq};

/// The length of a step in milliseconds, RFC 6238 section 4.1.
const STEP_MS: u64 = 30 * 1000;
/// How many steps a clock may be off either way, RFC 6238 section 5.2.
const ALLOWED_STEPS: u64 = 1;
const DIGITS: usize = 6;
/// 80 bits are common in practice, though RFC 4226 section 4 asks for 128.
const MIN_SECRET_BYTES: usize = 10;
const MAX_SECRET_BYTES: usize = 128;

/// Why a code is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TotpRefusal {
    /// The secret is not base32 of 10 to 128 bytes.
    UnusableSecret,
    /// The code is not one of those for now, the step before or the step after.
    WrongCode,
}

/// Checks a code against a base32 secret.
pub(crate) fn check(secret: &str, code: &str, now_ms: u64) -> Result<(), TotpRefusal> {
    let usable = |bytes: &Vec<u8>| (MIN_SECRET_BYTES..=MAX_SECRET_BYTES).contains(&bytes.len());
    let key = decode_base32(secret).filter(usable).ok_or(TotpRefusal::UnusableSecret)?;
    let step = now_ms / STEP_MS;
    let mut matches = Choice::from(0);
    for counter in step.saturating_sub(ALLOWED_STEPS)..=step.saturating_add(ALLOWED_STEPS) {
        let expected = code_at(&key, counter).ok_or(TotpRefusal::UnusableSecret)?;
        matches |= expected.as_bytes().ct_eq(code.as_bytes());
    }
    if bool::from(matches) { Ok(()) } else { Err(TotpRefusal::WrongCode) }
}

/// RFC 4226 section 5.3.
fn code_at(key: &[u8], counter: u64) -> Option<String> {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).ok()?;
    mac.update(&counter.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let offset = usize::from(digest.last()? & 0x0f);
    let four = digest.get(offset..offset + 4)?;
    let number = u32::from_be_bytes(four.try_into().ok()?) & 0x7fff_ffff;
    Some(format!("{:0DIGITS$}", number % 1_000_000))
}

/// RFC 4648 section 6, in either case, padded or not, with the blanks that people are shown.
fn decode_base32(text: &str) -> Option<Vec<u8>> {
    let mut bytes = vec![];
    let (mut held, mut bits) = (0_u32, 0_u32);
    for c in text.trim_end_matches('=').bytes().filter(|c| *c != b' ' && *c != b'-') {
        let value = match c.to_ascii_uppercase() {
            letter @ b'A'..=b'Z' => letter - b'A',
            digit @ b'2'..=b'7' => digit - b'2' + 26,
            _ => return None,
        };
        held = (held << 5 | u32::from(value)) & 0xfff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).ok()?);
        }
    }
    Some(bytes)
}

/// The code an authenticator app would show, for tests of other modules.
#[cfg(test)]
pub(crate) fn code_for(secret: &str, now_ms: u64) -> String {
    code_at(&decode_base32(secret).unwrap(), now_ms / STEP_MS).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of RFC 6238 appendix B: the digits 1 to 0, twice.
    const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    #[test]
    fn the_rfcs_own_codes_come_out() {
        let vectors =
            [(59, "287082"), (1_111_111_109, "081804"), (1_111_111_111, "050471"), (20_000_000_000, "353130")];
        for (seconds, code) in vectors {
            assert_eq!(code_for(SECRET, seconds * 1000), code);
            assert_eq!(check(SECRET, code, seconds * 1000), Ok(()));
        }
    }

    #[test]
    fn one_step_either_way_is_allowed_and_two_are_not() {
        let at = |seconds: u64| check(SECRET, "287082", seconds * 1000);
        assert_eq!((at(0), at(30), at(59), at(89)), (Ok(()), Ok(()), Ok(()), Ok(())));
        assert_eq!(at(90), Err(TotpRefusal::WrongCode));
        assert_eq!(check(SECRET, "", 59_000), Err(TotpRefusal::WrongCode));
    }

    #[test]
    fn secrets_are_read_as_people_copy_them_and_useless_ones_are_refused() {
        assert_eq!(check("gezd gnbv gy3t qojq gezd gnbv gy3t qojq", "287082", 59_000), Ok(()));
        assert_eq!(decode_base32("MZXW6YQ=").unwrap(), b"foob");
        for secret in ["", "MZXW6YQ=", "GEZDGNBVGY3TQOJ1", &"A".repeat(300)] {
            assert_eq!(check(secret, "287082", 59_000), Err(TotpRefusal::UnusableSecret), "{secret}");
        }
    }
}
