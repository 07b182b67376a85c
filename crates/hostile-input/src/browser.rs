//! What the properties of the login protocol share: the settings of a shop, tokens, and the parts of an input.

use std::sync::LazyLock;

use authress_login_protocol::settings::Settings;
use base64ct::{Base64UrlUnpadded, Encoding};

/// The Authress host.
pub(crate) const AUTHRESS: &str = "https://login.shop.test";

/// The settings of the shop.
pub(crate) static SETTINGS: LazyLock<Settings> =
    LazyLock::new(|| Settings::new(AUTHRESS, Some("app_shop")).expect("settings"));

/// A token with these claims, or with any text in their place. The protocol verifies no signature.
pub(crate) fn token(claims: &impl ToString) -> String {
    format!("e30.{}.c2ln", Base64UrlUnpadded::encode_string(claims.to_string().as_bytes()))
}

/// The first lines of an input; those that it does not have are empty.
pub(crate) fn lines<const COUNT: usize>(text: &str) -> [&str; COUNT] {
    let mut lines = text.split('\n');
    [(); COUNT].map(|()| lines.next().unwrap_or_default())
}

/// Whether a token may name this issuer: the Authress host, a host below or above it, or none.
pub(crate) fn is_own_host(issuer: Option<&str>) -> bool {
    let Some(issuer) = issuer else { return true };
    let Ok(url) = url::Url::parse(issuer) else { return false };
    let host = url.host_str().unwrap_or_default();
    host == "shop.test" || host == "login.shop.test" || host.ends_with(".login.shop.test")
}

/// The payload of a token.
pub(crate) fn payload(token: &str) -> Option<String> {
    // The protocol reads padding and both alphabets, too.
    let bytes = authress_login_protocol::base64url::decode(token.split('.').nth(1)?)?;
    String::from_utf8(bytes).ok()
}
