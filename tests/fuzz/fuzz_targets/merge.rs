#![no_main]
//! Three versions of a file: see `properties/merge.rs`.
#[path = "../properties/merge.rs"]
mod property;
libfuzzer_sys::fuzz_target!(|data: &[u8]| property::holds(data));
