#![no_main]
//! Any bytes as a token or key: see `properties/token.rs`.
#[path = "../properties/token.rs"]
mod property;
libfuzzer_sys::fuzz_target!(|data: &[u8]| property::holds(data));
