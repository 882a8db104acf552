# The commands of a working day; `just` lists them. Everything also works without just.

# List the recipes
default:
    @just --list --unsorted

# Compile everything, without building programs
check:
    cargo check --locked --all-targets

# Run the tests whose names contain FILTER: just test set::
test *FILTER:
    cargo test --locked {{ FILTER }}

# Run the unit tests only: seconds
fast *FILTER:
    cargo test --locked --lib {{ FILTER }}

# Format the code
fmt:
    cargo fmt

# Lint as CI does
lint:
    cargo fmt --check
    cargo clippy --locked --all-targets -- -D warnings
    cargo clippy --locked --lib --no-default-features -- -D warnings

# Build the API documentation, and fail on broken links
doc:
    RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps

# Write generated files again: completions, README's outputs and picture, tables of reserved names
bless:
    UPDATE=1 cargo test --locked --test cli completions
    UPDATE=1 cargo test --locked --test cli readme
    UPDATE=1 cargo test --locked --lib reserved

# Everything that a change must pass, from a clean tree
ci:
    .ci/run

# Let every system call fail in turn, not only a sample: hours
torture:
    CI_LONG=1 cargo test --locked --test cli torture

# Fuzz TARGET (needs cargo-fuzz and a nightly toolchain)
fuzz TARGET *ARGS:
    cargo +nightly fuzz run --fuzz-dir tests/fuzz {{ TARGET }} {{ ARGS }}

# Time whole processes beside other tools, and the parts by themselves
bench:
    cargo build --locked --release
    benches/compare
    cargo bench
