//! Who changed which variable, when: the git history of env files, by name.
