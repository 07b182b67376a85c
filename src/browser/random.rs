//! The browser's cryptographic randomness.

use authress_login_protocol::{
    error::{Error, ErrorCode},
    pending::Entropy,
};

fn fill(bytes: &mut [u8]) -> Result<(), Error> {
    super::window()
        .and_then(|window| window.crypto().ok())
        .and_then(|crypto| crypto.get_random_values_with_u8_array(bytes).ok())
        .map(|_| ())
        .ok_or_else(|| Error::with_detail(ErrorCode::InternalError, "The browser gave no randomness."))
}

/// Randomness for one authentication request.
pub fn entropy() -> Result<Entropy, Error> {
    let mut code_verifier = [0; authress_login_protocol::pkce::VERIFIER_ENTROPY_BYTES];
    fill(&mut code_verifier)?;
    Ok(Entropy { code_verifier, search_start: search_start()? })
}

/// Where an anti-abuse search starts.
pub fn search_start() -> Result<u32, Error> {
    let mut bytes = [0; 4];
    fill(&mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}
