//! Links the unwinder in, where GCC keeps it as a static library: one shared library less to load at every start.

use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=CC");
    let target = |variable: &str| env::var(variable).unwrap_or_default();
    let linux = target("CARGO_CFG_TARGET_OS") == "linux" && target("CARGO_CFG_TARGET_ENV") == "gnu";
    let native = target("HOST") == target("TARGET");
    let is_static = target("CARGO_CFG_TARGET_FEATURE").split(',').any(|feature| feature == "crt-static");
    if linux && native && !is_static && has_static_unwinder() {
        println!("cargo:rustc-link-lib=dylib=gcc_eh"); // found by the linker: there is no shared one of this name
    }
}

fn has_static_unwinder() -> bool {
    let compiler = env::var("CC").unwrap_or_else(|_| "cc".into());
    let output = Command::new(compiler).arg("-print-file-name=libgcc_eh.a").output();
    // A name without a folder is the compiler's way to say that there is no such file.
    output.is_ok_and(|output| {
        let path = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Path::new(&path).is_absolute() && Path::new(&path).exists()
    })
}
