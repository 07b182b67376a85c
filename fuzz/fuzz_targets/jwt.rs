//! Whatever the token and the key set are: no panic, and nothing is taken that was not signed.
#![no_main]

use authress_jws::{KeyRing, verify_with_ring};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str)| {
    let (token, keys) = input;
    let keys: KeyRing = serde_json::from_str(keys).unwrap_or_default();
    if keys == KeyRing::default() {
        assert!(verify_with_ring(token, &keys, None).is_err());
    } else {
        let _ = verify_with_ring(token, &keys, None);
    }
});
