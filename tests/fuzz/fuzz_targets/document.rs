#![no_main]
//! Any bytes as a file: see `properties/document.rs`.
#[path = "../properties/document.rs"]
mod property;
libfuzzer_sys::fuzz_target!(|data: &[u8]| property::holds(data));
