#![no_main]
//! Any bytes as what another tool keeps: see `properties/import.rs`.
#[path = "../properties/import.rs"]
mod property;
libfuzzer_sys::fuzz_target!(|data: &[u8]| property::holds(data));
