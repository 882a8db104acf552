//! `envseal get`.
