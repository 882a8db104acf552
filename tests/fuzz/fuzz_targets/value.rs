#![no_main]
//! Any bytes as a value: see `properties/value.rs`.
#[path = "../properties/value.rs"]
mod property;
libfuzzer_sys::fuzz_target!(|data: &[u8]| property::holds(data));
