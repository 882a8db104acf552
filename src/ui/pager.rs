//! Which pager to use: git's rules (`core.pager` in git-config(1), `GIT_PAGER` in git(1)).

/// What less does by default under git: leave short output alone, pass colours on, and leave the screen as it is.
pub(crate) const LESS: &str = "FRX";
/// The same for lv.
pub(crate) const LV: &str = "-c";

/// The pager's command: the first of `$GIT_PAGER`, `core.pager` and `$PAGER` that is set, else `less`. None where that
/// is empty or `cat`.
pub(crate) fn pager(
    git_pager: Option<&str>,
    core_pager: Option<&str>,
    pager: Option<&str>,
) -> Option<String> {
    let chosen = git_pager.or(core_pager).or(pager).unwrap_or("less");
    (!chosen.trim().is_empty() && chosen != "cat").then(|| chosen.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_is_set_wins() {
        let chosen = |a, b, c| pager(a, b, c).unwrap_or_default();
        assert_eq!(chosen(Some("a"), Some("b"), Some("c")), "a");
        assert_eq!(chosen(None, Some("b x"), Some("c")), "b x");
        assert_eq!(chosen(None, None, Some("c")), "c");
        assert_eq!(chosen(None, None, None), "less");
        assert_eq!(pager(Some(""), Some("b"), None), None);
        assert_eq!(pager(None, Some("cat"), Some("c")), None);
    }
}
