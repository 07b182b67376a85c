#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| authress_hostile_input::callback(data));
