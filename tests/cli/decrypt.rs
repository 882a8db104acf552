//! `envseal decrypt`.
