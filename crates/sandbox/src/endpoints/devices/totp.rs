//! The one-time codes of authenticator apps: RFC 6238 with SHA-1, six digits and steps of 30 seconds.

use totp_rs::{Algorithm, Builder, Secret, Totp};

/// The length of a step in seconds, RFC 6238 section 4.1.
const STEP_S: u64 = 30;
/// How many steps a clock may be off either way, RFC 6238 section 5.2.
const ALLOWED_STEPS: u16 = 1;
const DIGITS: u8 = 6;
/// 80 bits are common in practice, though RFC 4226 section 4 requires 128.
const MIN_SECRET_BYTES: usize = 10;
const MAX_SECRET_BYTES: usize = 128;

/// Why a code does not register a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TotpError {
    /// The secret is not base32 of 10 to 128 bytes.
    InvalidSecret,
    /// The code is not one of those for now, the step before or the step after.
    WrongCode,
}

/// Checks a code against a base32 secret at `now_s` in seconds since 1970.
pub(crate) fn check(secret: &str, code: &str, now_s: u64) -> Result<(), TotpError> {
    match totp(secret)?.check(code, now_s) {
        Some(_) => Ok(()),
        None => Err(TotpError::WrongCode),
    }
}

/// Reads a secret as it is shown to users (RFC 4648 section 6): in either case, padded or not, in groups.
fn totp(secret: &str) -> Result<Totp, TotpError> {
    let plain: String = secret.trim_end_matches('=').chars().filter(|c| *c != ' ' && *c != '-').collect();
    let secret = Secret::try_from_base32(plain.to_ascii_uppercase()).map_err(|_| TotpError::InvalidSecret)?;
    if !(MIN_SECRET_BYTES..=MAX_SECRET_BYTES).contains(&secret.as_bytes().len()) {
        return Err(TotpError::InvalidSecret);
    }
    let builder = Builder::new().with_algorithm(Algorithm::SHA1).with_digits(DIGITS).with_step_duration(STEP_S);
    // The compliant `build` rejects secrets of less than 128 bits.
    Ok(builder.with_skew(ALLOWED_STEPS).with_secret(secret).build_noncompliant())
}

/// The code an authenticator app would show, for tests of other modules.
#[cfg(test)]
pub(crate) fn code_for(secret: &str, now_s: u64) -> String {
    totp(secret).unwrap().generate(now_s).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of RFC 6238 appendix B: the digits 1 to 0, twice.
    const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    #[test]
    fn the_codes_of_rfc_6238_appendix_b_are_accepted() {
        let vectors =
            [(59, "287082"), (1_111_111_109, "081804"), (1_111_111_111, "050471"), (20_000_000_000, "353130")];
        for (seconds, code) in vectors {
            assert_eq!(code_for(SECRET, seconds), code);
            assert_eq!(check(SECRET, code, seconds), Ok(()));
        }
    }

    #[test]
    fn one_step_either_way_is_allowed_and_two_are_not() {
        let at = |seconds: u64| check(SECRET, "287082", seconds);
        assert_eq!((at(0), at(30), at(59), at(89)), (Ok(()), Ok(()), Ok(()), Ok(())));
        assert_eq!(at(90), Err(TotpError::WrongCode));
        for code in ["", "287 082", "0287082", "87082", "28708a"] {
            assert_eq!(check(SECRET, code, 59), Err(TotpError::WrongCode), "{code}");
        }
    }

    #[test]
    fn secrets_are_read_as_users_copy_them_and_too_short_or_long_ones_are_rejected() {
        assert_eq!(check("gezd gnbv gy3t qojq gezd gnbv gy3t qojq", "287082", 59), Ok(()));
        assert_eq!(check(&format!("{SECRET}===="), "287082", 59), Ok(()));
        for secret in ["", "MZXW6YQ=", "GEZDGNBVGY3TQOJ1", &"A".repeat(300)] {
            assert_eq!(check(secret, "287082", 59), Err(TotpError::InvalidSecret), "{secret}");
        }
    }
}
