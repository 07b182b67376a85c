//! The browser's cryptographic randomness.

use authress_login_protocol::error::{Error, ErrorCode};

/// Fills `bytes`.
pub fn fill(bytes: &mut [u8]) -> Result<(), Error> {
    super::window()
        .and_then(|window| window.crypto().ok())
        .and_then(|crypto| crypto.get_random_values_with_u8_array(bytes).ok())
        .map(|_| ())
        .ok_or_else(|| Error::with_detail(ErrorCode::InternalError, "The browser gave no randomness."))
}
