#![no_main]
//! Any bytes as an env file to check: see `properties/check.rs`.
#[path = "../properties/check.rs"]
mod property;
libfuzzer_sys::fuzz_target!(|data: &[u8]| property::holds(data));
