//! Asks the linker for what makes a process start sooner, where the system that is built on, and for, has it.

use std::env;
use std::path::PathBuf;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=.cargo/link.rs");
    println!("cargo:rerun-if-env-changed=CC");
    // The binary's start is what this is for: whoever embeds the library links as they like.
    if env::var_os("CARGO_FEATURE_CLI").is_none() {
        return;
    }
    let of = |variable: &str| env::var(variable).unwrap_or_default();
    let gnu_linux = of("CARGO_CFG_TARGET_OS") == "linux" && of("CARGO_CFG_TARGET_ENV") == "gnu";
    if !gnu_linux || of("HOST") != of("TARGET") {
        return;
    }
    // The unwinder from a static library (there is no shared one of this name): one library less to load.
    let is_static = of("CARGO_CFG_TARGET_FEATURE").split(',').any(|feature| feature == "crt-static");
    if !is_static && found("libgcc_eh.a").is_some() {
        println!("cargo:rustc-link-lib=dylib=gcc_eh");
    }
    // Tests start a debug build thousands of times: at a fixed address it starts in 3.8 ms, not 4.8, for want of relocations.
    if of("PROFILE") == "debug" {
        println!("cargo:rustc-link-arg-bins=-no-pie");
    }
    // Relocations in 1 KB instead of 70 (DT_RELR), where linker and loader (glibc 2.36) know that form.
    let linker = compiler(&["-Wl,--help"]);
    let loader = found("libc.so.6").and_then(|path| std::fs::read(path).ok()).unwrap_or_default();
    if holds(&linker, b"pack-relative-relocs") && holds(&loader, b"GLIBC_ABI_DT_RELR") {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

fn compiler(arguments: &[&str]) -> Vec<u8> {
    let compiler = env::var("CC").unwrap_or_else(|_| "cc".into());
    Command::new(compiler).args(arguments).output().map(|output| output.stdout).unwrap_or_default()
}

/// Where the compiler finds a library's file. A name without a folder is its way to say that it does not.
fn found(file: &str) -> Option<PathBuf> {
    let output = compiler(&[&format!("-print-file-name={file}")]);
    let path = PathBuf::from(String::from_utf8_lossy(&output).trim());
    (path.is_absolute() && path.exists()).then_some(path)
}

fn holds(text: &[u8], words: &[u8]) -> bool {
    text.windows(words.len()).any(|window| window == words)
}
