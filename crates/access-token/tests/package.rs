//! What the npm package's entry for servers repeats of this crate: `pkg/generated/access-token.js`.
//!
//! `cargo xtask generate` runs this test with `WRITE_GENERATED=1`, which writes the file. It is not made by xtask itself,
//! because this crate's dependencies would then be compiled before any other command.

#![allow(clippy::unwrap_used, reason = "a failed helper is a failed test")]

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use authress_access_token::{
    DEFAULT_LEEWAY_S, FRESH_FOR, JWKS_PATH, MAX_BYTES, MAX_USER_ID_BYTES, MIN_INTERVAL, STALE_FOR, TICKET_LIFETIME,
    TICKET_TYPE, TIMEOUT, TicketError, TokenError, UNKNOWN_FOR,
};
use authress_jws::MAX_TOKEN_BYTES;

#[test]
fn the_generated_file_of_the_package_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pkg/generated/access-token.js");
    let now = generated();
    if std::env::var_os("WRITE_GENERATED").is_some() {
        std::fs::write(&path, &now).unwrap();
    }
    assert!(std::fs::read_to_string(&path).unwrap() == now, "{path:?} is out of date: run `cargo xtask generate`");
}

fn generated() -> String {
    let mut text = "// Written by `cargo xtask generate` from crates/access-token. Change it there.\n\n".to_owned();
    text.push_str("/** Why a token or a ticket is rejected. */\nexport const MESSAGES = {\n");
    let of_tokens = TokenError::ALL.iter().map(|error| (error.code(), error.to_string()));
    let of_tickets = TicketError::ALL.iter().map(|error| (error.code(), error.to_string()));
    for (code, message) in of_tokens.chain(of_tickets) {
        // JSON's strings are string literals of JavaScript (ECMA-262, since 2019).
        let _ = writeln!(text, "  {code}: {},", serde_json::to_string(&message).unwrap());
    }
    text.push_str("};\n");
    for (comment, name, value) in [
        ("The default of the allowed clock skew, in seconds.", "DEFAULT_LEEWAY_S", DEFAULT_LEEWAY_S.to_string()),
        ("The longest accepted user id, in bytes.", "MAX_USER_ID_BYTES", MAX_USER_ID_BYTES.to_string()),
        ("The longest token that is verified, in bytes.", "MAX_TOKEN_BYTES", MAX_TOKEN_BYTES.to_string()),
        ("The path of an issuer's keys below the issuer.", "JWKS_PATH", format!("'{JWKS_PATH}'")),
        ("The size limit of a key set, in bytes.", "MAX_KEY_SET_BYTES", MAX_BYTES.to_string()),
        ("How long the issuer has to respond, in milliseconds.", "KEYS_TIMEOUT_MS", millis(TIMEOUT)),
        ("How long fetched keys are used without another request.", "KEYS_FRESH_MS", millis(FRESH_FOR)),
        ("How long fetched keys are used while requests fail.", "KEYS_STALE_MS", millis(STALE_FOR)),
        ("The shortest time from a response to the next request.", "KEYS_MIN_INTERVAL_MS", millis(MIN_INTERVAL)),
        ("How long a missing `kid` is not requested again.", "KID_UNKNOWN_MS", millis(UNKNOWN_FOR)),
        ("The `typ` header of claim tickets.", "TICKET_TYPE", format!("'{TICKET_TYPE}'")),
        ("The lifetime of a claim ticket, in seconds.", "TICKET_LIFETIME_S", TICKET_LIFETIME.as_secs().to_string()),
    ] {
        let _ = write!(text, "/** {comment} */\nexport const {name} = {value};\n");
    }
    text
}

fn millis(duration: Duration) -> String {
    duration.as_millis().to_string()
}
