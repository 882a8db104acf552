//! What to try next, told to a program, which has typed no command: options by themselves mean nothing to it.

use super::hints::vault_hint;
use super::{Reason, VaultError};
use crate::config::is_env_file;
use crate::hint::Hint;

/// As [`vault_hint`], where that is a whole command line or holds whoever reads it; else what does.
pub(crate) fn program_hint(error: &VaultError) -> Option<Hint> {
    Some(match error {
        VaultError::Exists { path, name, .. } => hint!(
            "choose another name; or take that one out first: envseal unset {name} -f {path}",
            name,
            path
        ),
        VaultError::NoVariable { path, name, .. } if is_env_file(name.as_ref()) => {
            hint!("see the names that are there: cut -d= -f1 {path}", path)
        }
        VaultError::LeadsOutside { target, .. } => {
            hint!("if you mean that file, open it by its own path: {target}", target)
        }
        VaultError::Link { target, .. } if target.exists() && is_env_file(target) => {
            hint!("if you mean that file, open it by its own path: {target}", target)
        }
        VaultError::Unopened(failures)
            if matches!(failures.first()?.root().reason, Reason::UnlistedReference | Reason::Unwritable) =>
        {
            "leave it sealed".into()
        }
        error => return vault_hint(error),
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::rc::Rc;

    use super::*;
    use crate::project::Failure;

    /// What a command is told by its options.
    fn fragments() -> Vec<VaultError> {
        let path = || PathBuf::from("a/.env");
        let failure = |name: &str, reason| Failure { name: name.into(), path: path(), line: 1, reason };
        let referring = Reason::DependsOn { on: "A".into(), root: Rc::new(failure("A", Reason::Unwritable)) };
        vec![
            VaultError::Exists { path: path(), line: 1, name: "A".into() },
            VaultError::NoVariable { path: path(), name: ".env.x".into(), similar: None },
            VaultError::LeadsOutside { path: path(), target: "/b/.env".into() },
            VaultError::Unopened(vec![failure("A", Reason::UnlistedReference)]),
            VaultError::Unopened(vec![failure("B", referring)]),
        ]
    }

    #[test]
    fn a_program_is_told_no_options_of_a_command_it_has_not_typed() {
        for error in fragments() {
            let [to_a_person, hint] =
                [vault_hint(&error), program_hint(&error)].map(|hint| hint.unwrap().line().unwrap());
            assert!(to_a_person.contains(" -"), "{to_a_person}");
            let option = hint.find(" -").unwrap_or(hint.len());
            let command = hint.find(": envseal ").or(hint.find(": cut ")).unwrap_or(hint.len());
            assert!(command <= option, "{hint}");
        }
    }
}
