//! Whatever the access key is: no panic, and no error repeats a piece of it.
#![no_main]

use authress_verifier::AccessKey;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Err(error) = text.parse::<AccessKey>() {
        let message = error.to_string();
        let private_key = text.trim().rsplit('.').next().unwrap_or_default();
        assert!(private_key.len() < 24 || !message.contains(private_key));
    }
});
