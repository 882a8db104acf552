//! The rules of `check`, over bytes handed in: no file, no git, no key is looked for here.
