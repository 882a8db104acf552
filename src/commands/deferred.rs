//! Arguments that are defined only when their command is called.

use clap::{ArgMatches, Command, Error};

/// Defers the definition of `A` until clap builds its command: one call pays for one command's arguments, not for
/// those of all.
pub(super) struct Deferred<A>(pub(super) A);

impl<A: clap::Args> clap::Args for Deferred<A> {
    fn augment_args(command: Command) -> Command {
        command.defer(A::augment_args)
    }

    fn augment_args_for_update(command: Command) -> Command {
        command.defer(A::augment_args_for_update)
    }
}

impl<A: clap::FromArgMatches> clap::FromArgMatches for Deferred<A> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        A::from_arg_matches(matches).map(Self)
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self, Error> {
        A::from_arg_matches_mut(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(matches)
    }
}
