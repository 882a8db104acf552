//! `check`: every rule, run over the worktree, the index, a range of commits or all of history.
