//! The options that name variables: `-k`, `-x`, `--external` and `--literal`.

use globset::{Glob, GlobSet, GlobSetBuilder};

use crate::dotenv::VarName;
use crate::error::Error;
use crate::hint::Hint;
use crate::project::DollarSigns;

/// `-k` and `-x`.
#[derive(clap::Args, Clone, Debug, Default)]
pub(super) struct VariableArgs {
    /// Include only variables that match GLOB (repeats)
    #[arg(short = 'k', long = "only", value_name = "GLOB")]
    only: Vec<String>,
    /// Exclude variables that match GLOB (repeats)
    #[arg(short = 'x', long = "except", value_name = "GLOB")]
    except: Vec<String>,
}

impl VariableArgs {
    /// Returns true if every variable is included.
    pub(super) fn is_all(&self) -> bool {
        self.only.is_empty() && self.except.is_empty()
    }

    /// Returns the options as typed, each word after a space.
    pub(super) fn to_hint(&self) -> Hint {
        let (only, except) = (&self.only, &self.except);
        let mut typed = Hint::from("");
        if !only.is_empty() {
            typed = typed.and(hint!(" -k {only}", only));
        }
        if except.is_empty() { typed } else { typed.and(hint!(" -x {except}", except)) }
    }

    /// Returns the test of a variable's name.
    pub(super) fn filter(&self) -> Result<impl Fn(&str) -> bool, Error> {
        let only = if self.only.is_empty() { None } else { Some(globs(&self.only)?) };
        let except = globs(&self.except)?;
        Ok(move |name: &str| only.as_ref().is_none_or(|set| set.is_match(name)) && !except.is_match(name))
    }
}

fn globs(patterns: &[String]) -> Result<GlobSet, Error> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let glob = Glob::new(pattern).map_err(|error| {
            let message = format!("{pattern:?} isn't a glob: {}", error.kind());
            Error::usage(message, "`*` matches any text, `?` one character")
        })?;
        set.add(glob);
    }
    set.build().map_err(|error| Error::usage(format!("too many globs: {error}"), "use fewer"))
}

/// `--external` and `--literal`: the meaning of `$` in values.
#[derive(clap::Args)]
pub(super) struct ReferenceArgs {
    /// Allow references to NAME, which only the target machine sets (repeats)
    #[arg(long, value_name = "NAME")]
    pub(super) external: Vec<String>,
    /// Take the value of NAME as text, `$` and all (repeats)
    #[arg(long, value_name = "NAME")]
    literal: Vec<String>,
}

impl ReferenceArgs {
    pub(super) fn parse(&self) -> Result<DollarSigns, Error> {
        for name in self.external.iter().chain(&self.literal) {
            VarName::new(name)
                .map_err(|error| Error::usage(error.to_string(), "name a variable: --external HOST_NAME"))?;
        }
        Ok(DollarSigns { external: self.external.clone(), literal: self.literal.clone() })
    }
}
