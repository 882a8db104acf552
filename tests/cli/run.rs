//! `envseal run`.
