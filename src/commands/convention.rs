//! `--convention`: the files that other programs read together, in their order.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::Context;
use super::select::Files;
use crate::config::EnvName;
use crate::error::{Error, ErrorKind};
use crate::project::VaultError;

/// `--convention`.
#[derive(clap::Args, Clone, Copy, Debug, Default)]
pub(super) struct ByConvention {
    /// Read the files that Next.js, or dotenv-flow, reads for the environment; those that are there
    #[arg(long, value_name = "NAME")]
    convention: Option<Convention>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Convention {
    Nextjs,
    Flow,
}

impl ByConvention {
    /// The files to read, the one that wins first; last where files win over the process (`overload`), as the later
    /// file wins there. Without a convention those that `-e` and `-f` name, or what stands for them.
    pub(super) fn files(
        self,
        context: &Context,
        files: &Files,
        overload: bool,
    ) -> Result<Vec<PathBuf>, Error> {
        let Some(convention) = self.convention else {
            return files.reading(context)?.named_or_injected(context.process);
        };
        let names = convention.file_names(&convention.environment(context, files)?);
        let mut there = Vec::new();
        for folder in folders(files)? {
            let looked: Vec<_> = names.iter().map(|name| folder.join(name)).collect();
            let before = there.len();
            for path in &looked {
                match path.symlink_metadata() {
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                        context.ui.detail(format_args!("passed over {}, which is not there", path.display()));
                    }
                    // Any other trouble is the reader's to tell.
                    _ => there.push(path.clone()),
                }
            }
            if there.len() == before {
                return Err(none_there(convention.name(), &looked));
            }
        }
        if overload {
            there.reverse();
        }
        Ok(there)
    }

    /// The environment that a convention reads files for; without one that of `NODE_ENV`.
    pub(super) fn mode(self, context: &Context, files: &Files) -> Option<EnvName> {
        match self.convention {
            Some(convention) => convention.environment(context, files).ok(),
            None => context.process.node_environment()?.ok(),
        }
    }
}

impl Convention {
    fn name(self) -> &'static str {
        match self {
            Self::Nextjs => "nextjs",
            Self::Flow => "flow",
        }
    }

    /// The environment: that of `-e`, else of `ENVSEAL_ENV`, else of `NODE_ENV`, else development, as in Node.
    fn environment(self, context: &Context, files: &Files) -> Result<EnvName, Error> {
        let mut named = files.environments();
        let env = match (named.next(), named.next()) {
            (Some(_), Some(_)) => {
                let hint = hint!("envseal run --convention {name} -e NAME -- …", name = self.name());
                return Err(Error::usage("a convention is for one environment, and -e names several", hint));
            }
            (Some(name), None) => EnvName::new(name),
            _ => match context.process.environment().or_else(|| context.process.node_environment()) {
                Some(env) => env,
                None => EnvName::new("development"),
            },
        };
        let env = env.map_err(VaultError::from)?;
        // Next.js knows these, whatever NODE_ENV says (its packages/next-env).
        let known = ["development", "production", "test"];
        let refused = match self {
            Self::Nextjs if !known.contains(&env.as_str()) => "development, production and test",
            Self::Flow if env.is_of_dotenv() => "every environment but that of .env, which is always read",
            _ => return Ok(env),
        };
        Err(Error::usage(
            format!("the {} convention is for {refused}; {env} is none", self.name()),
            "name one with -e NAME",
        ))
    }

    /// The files that are read for an environment, the one that wins first. Tests are to go alike on every machine, so
    /// `.env.local` is not for them.
    fn file_names(self, env: &EnvName) -> Vec<String> {
        let local = (env.as_str() != "test").then(|| ".env.local".to_owned());
        let own = format!(".env.{env}");
        let own_local = format!("{own}.local");
        let names = match self {
            // packages/next-env in vercel/next.js.
            Self::Nextjs => [Some(own_local), local, Some(own), Some(".env".into()), None],
            // lib/dotenv-flow.js in kerimdzhanov/dotenv-flow.
            Self::Flow => {
                [Some(own_local), Some(own), local, Some(".env".into()), Some(".env.defaults".into())]
            }
        };
        let mut seen = BTreeSet::new();
        names.into_iter().flatten().filter(|name| seen.insert(name.clone())).collect()
    }
}

fn none_there(convention: &str, looked: &[PathBuf]) -> Error {
    let files = looked.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
    let message = format!("none of the files that the {convention} convention reads exists: {files}");
    let hint = looked.first().map(|first| hint!("create one: envseal set NAME -f {first}", first));
    Error::new(ErrorKind::NotFound, message).with_hint_if(hint)
}

/// The folders that `-f` names; here where it names none.
fn folders(files: &Files) -> Result<Vec<&Path>, Error> {
    if let Some(file) = files.paths().find(|path| !path.is_dir()).filter(|_| !files.has_optional()) {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        return Err(Error::usage(
            format!("a convention says itself which files are read, and {} is no folder", file.display()),
            hint!("name the folder: -f {folder}", folder),
        ));
    }
    if files.has_optional() {
        return Err(Error::usage("with a convention every file may be missing", "leave the `?FILE` out"));
    }
    let named: Vec<_> = files.paths().collect();
    Ok(if named.is_empty() { vec![Path::new("")] } else { named })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(convention: Convention, env: &str) -> String {
        convention.file_names(&EnvName::new(env).unwrap()).join(" ")
    }

    #[test]
    fn the_order_of_each_convention() {
        use Convention::{Flow, Nextjs};
        assert_eq!(names(Nextjs, "production"), ".env.production.local .env.local .env.production .env");
        assert_eq!(names(Nextjs, "test"), ".env.test.local .env.test .env");
        assert_eq!(names(Flow, "qa"), ".env.qa.local .env.qa .env.local .env .env.defaults");
        assert_eq!(names(Flow, "test"), ".env.test.local .env.test .env .env.defaults");
        // No file is read twice.
        assert_eq!(names(Flow, "local"), ".env.local.local .env.local .env .env.defaults");
    }
}
