//! The API for Rust programs, which follows semver. All other modules belong to the binary.

mod keys;
mod options;
mod vars;
mod vault;

pub use keys::{PrivateKey, PublicKey, Sealer, Token};
pub use options::{EnvPath, Options};
pub use vars::{Value, Vars};
pub use vault::{Changed, Vault};

pub mod document {
    //! Env files as text: a lossless document, for programs that read, check or edit them without decrypting anything.
    //!
    //! A parsed text prints as the same bytes; an edit changes the bytes of its entry and nothing else, or nothing at
    //! all. The dialect is dotenv's, as dotenvx reads it. It contains sealed values as text; a [`Vault`] decrypts them.
    //! Text that may be secret is returned in `Zeroizing` of the crate `zeroize`, version 1.
    //!
    //! ```
    //! use envseal::document::{Document, Edit, quote};
    //!
    //! let document = Document::parse(b"# the web server\nPORT=8080 # for now\n".to_vec())?;
    //! let entry = document.last("PORT").expect("it is there");
    //! assert_eq!(*document.value(&document.entries()[entry]).1, b"8080");
    //!
    //! let source = quote(b"80 80").expect("quotes can hold it");
    //! let edited = document.edited(&[Edit::Source { entry, source: &source }])?;
    //! assert_eq!(edited.as_bytes(), b"# the web server\nPORT='80 80' # for now\n");
    //! # Ok::<(), Box<dyn std::error::Error>>(())
    //! ```
    //!
    //! [`Vault`]: super::Vault

    pub use crate::dotenv::{Document, Edit, EditError, Entry, ParseError, Quote, Stray, quote};
}
