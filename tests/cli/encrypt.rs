//! `envseal encrypt`.
