//! Names that steer a program before it runs its own code. A closed list; `docs/format.md` repeats it.

/// Exact names. Each makes some loader, interpreter, shell or git run or load what the value says.
const NAMES: &[&str] = &[
    // Where programs and libraries are looked up.
    "PATH",
    "PATHEXT",
    "COMSPEC",
    "LD_PRELOAD",
    "LD_LIBRARY_PATH",
    "LD_AUDIT",
    "DYLD_INSERT_LIBRARIES",
    "DYLD_LIBRARY_PATH",
    "DYLD_FRAMEWORK_PATH",
    "DYLD_FALLBACK_LIBRARY_PATH",
    "DYLD_FALLBACK_FRAMEWORK_PATH",
    "GCONV_PATH",
    "LOCPATH",
    "GLIBC_TUNABLES",
    "NIX_LD",
    "NIX_LD_LIBRARY_PATH",
    // Shells.
    "BASH_ENV",
    "ENV",
    "ZDOTDIR",
    "SHELL",
    "SHELLOPTS",
    "BASHOPTS",
    "PROMPT_COMMAND",
    "PS0",
    "PS1",
    "PS2",
    "PS4",
    "IFS",
    "CDPATH",
    "FPATH",
    // Interpreters and virtual machines.
    "NODE_OPTIONS",
    "NODE_PATH",
    "NODE_REPL_EXTERNAL_MODULE",
    "ELECTRON_RUN_AS_NODE",
    "BUN_OPTIONS",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "PYTHONHOME",
    "PYTHONUSERBASE",
    "PYTHONINSPECT",
    "PYTHONWARNINGS",
    "PYTHONBREAKPOINT",
    "PERL5LIB",
    "PERLLIB",
    "PERL5OPT",
    "PERL5DB",
    "RUBYOPT",
    "RUBYLIB",
    "GEM_HOME",
    "GEM_PATH",
    "BUNDLE_GEMFILE",
    "LUA_PATH",
    "LUA_CPATH",
    "LUA_INIT",
    "PHPRC",
    "PHP_INI_SCAN_DIR",
    "JAVA_TOOL_OPTIONS",
    "_JAVA_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "JAVA_OPTS",
    "CLASSPATH",
    "MAVEN_OPTS",
    "GRADLE_OPTS",
    "DOTNET_STARTUP_HOOKS",
    "DOTNET_ADDITIONAL_DEPS",
    "CORECLR_PROFILER",
    "CORECLR_PROFILER_PATH",
    "COR_PROFILER",
    "COR_PROFILER_PATH",
    "ERL_AFLAGS",
    "ERL_FLAGS",
    "ERL_ZFLAGS",
    "R_PROFILE",
    "R_PROFILE_USER",
    "R_ENVIRON",
    "R_ENVIRON_USER",
    "JULIA_LOAD_PATH",
    // Build tools.
    "RUSTC",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTFLAGS",
    "CARGO_BUILD_RUSTC",
    "CARGO_BUILD_RUSTC_WRAPPER",
    "CARGO_HOME",
    "GOFLAGS",
    "CC",
    "CXX",
    "MAKEFLAGS",
    "MAKEFILES",
    "npm_config_script_shell",
    "npm_config_node_options",
    "npm_config_git",
    "npm_config_shell",
    "npm_config_editor",
    "npm_config_browser",
    "npm_config_node_gyp",
    "npm_config_init_module",
    "npm_config_userconfig",
    "npm_config_globalconfig",
    // Git and ssh. All of GIT_CONFIG_*, see below, but not all of GIT_*.
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_ASKPASS",
    "GIT_EDITOR",
    "GIT_SEQUENCE_EDITOR",
    "GIT_PAGER",
    "GIT_EXTERNAL_DIFF",
    "GIT_PROXY_COMMAND",
    "GIT_EXEC_PATH",
    "GIT_TEMPLATE_DIR",
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_ALLOW_PROTOCOL",
    "GIT_CONFIG",
    "SSH_ASKPASS",
    "SSH_ASKPASS_REQUIRE",
    "SSH_AUTH_SOCK",
    // Helpers that other programs start.
    "EDITOR",
    "VISUAL",
    "PAGER",
    "MANPAGER",
    "SYSTEMD_PAGER",
    "BROWSER",
    "LESSOPEN",
    "LESSCLOSE",
    "SUDO_ASKPASS",
    // Whose certificates and which servers are believed.
    "OPENSSL_CONF",
    "OPENSSL_ENGINES",
    "OPENSSL_MODULES",
    "SSLKEYLOGFILE",
    "NODE_EXTRA_CA_CERTS",
    "NODE_TLS_REJECT_UNAUTHORIZED",
    "HOSTALIASES",
    "RESOLV_HOST_CONF",
    // Where programs look for the files above.
    "HOME",
    "XDG_CONFIG_HOME",
    "XDG_CONFIG_DIRS",
    "XDG_DATA_DIRS",
];

/// Beginnings of names: git reads settings from `GIT_CONFIG_*`, bash functions from `BASH_FUNC_*`.
const PREFIXES: &[&str] = &["GIT_CONFIG_", "BASH_FUNC_"];

const NPM: &str = "npm_config_";

/// For each letter the lengths of the names that begin with it, one bit each: few other names pass, and every
/// variable of every file is asked for.
const LENGTHS: [u64; 128] = {
    let mut lengths = [0; 128];
    let mut at = 0;
    while at < NAMES.len() {
        lengths[NAMES[at].as_bytes()[0] as usize] |= 1 << NAMES[at].len();
        at += 1;
    }
    lengths
};

fn may_be_reserved(name: &str) -> bool {
    let lengths = name.bytes().next().and_then(|first| LENGTHS.get(usize::from(first)));
    lengths.is_some_and(|lengths| name.len() < 64 && lengths >> name.len() & 1 == 1)
}

/// Whether a variable of this name counts as plain without a mark, and must never be sealed.
pub fn is_reserved(name: &str) -> bool {
    // npm takes its settings' names in any letter case, and `-` for `_` (@npmcli/config, `loadEnv`).
    if name.get(..NPM.len()).is_some_and(|start| start.eq_ignore_ascii_case(NPM)) {
        return NAMES.contains(&name.to_ascii_lowercase().replace('-', "_").as_str());
    }
    if cfg!(windows) {
        let upper = name.to_ascii_uppercase();
        return NAMES.contains(&upper.as_str()) || PREFIXES.iter().any(|p| upper.starts_with(p));
    }
    may_be_reserved(name) && NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_names_and_two_prefixes() {
        for name in [
            "PATH",
            "LD_PRELOAD",
            "GIT_CONFIG_COUNT",
            "GIT_CONFIG_KEY_0",
            "NODE_OPTIONS",
            "Npm_Config_script-Shell",
        ] {
            assert!(is_reserved(name), "{name}");
        }
        assert!(NAMES.iter().all(|name| is_reserved(name)));
        for name in [
            "",
            "É",
            &"A".repeat(64),
            &"A".repeat(200),
            "GIT_AUTHOR_NAME",
            "DATABASE_PATH",
            "LD_PRELOAD2",
            "HELLO",
            "PORT",
        ] {
            assert!(!is_reserved(name), "{name}");
        }
    }

    #[test]
    fn the_specification_lists_them_all() {
        let text = include_str!("../../docs/format.md");
        let listed =
            text.split("## Reserved names").nth(1).expect("the chapter").split("\n## ").next().unwrap();
        let listed: Vec<_> = listed.split('`').skip(1).step_by(2).collect();
        for name in NAMES {
            assert!(listed.contains(name), "docs/format.md does not list {name}");
        }
        for prefix in PREFIXES {
            assert!(
                listed.contains(&format!("{prefix}*").as_str()),
                "docs/format.md does not list {prefix}*"
            );
        }
        assert_eq!(
            listed.len(),
            NAMES.len() + PREFIXES.len(),
            "docs/format.md lists a name that is not reserved"
        );
    }
}
