//! What an example file says of variables, in the comment decorators that @env-spec uses: which are required, of which
//! type, and which are no secrets. Pure text; `docs/schema.md` lists what is read, and what is left to other programs.

mod decorator;
mod example;
mod file;
mod kind;

pub(crate) use example::{Known, with_names};
pub(crate) use file::{Item, Schema, Violation};
