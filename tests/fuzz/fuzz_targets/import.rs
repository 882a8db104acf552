#![no_main]
//! Any bytes as another tool's file: see `properties/import.rs`.
#[path = "../properties/import.rs"]
mod property;
libfuzzer_sys::fuzz_target!(|data: &[u8]| property::holds(data));
