//! The command line of `chattrace-clean`, and what it comes to on this terminal.

use std::path::PathBuf;

use clap::Parser;

use crate::config::Overrides;

/// How far to go; each level includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// What dead sessions left.
    Stale,
    /// Saved event logs, too.
    Logs,
    /// Everything: as if never installed.
    All,
}

/// How the result is written to stdout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// One path per line, unless a person is looking.
    BackgroundWriter,
    /// Every path ended by NUL.
    Nul,
    /// One JSON object per line.
    Json,
}

/// What is to be done with what was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// Only list it.
    List,
    /// Ask, then remove it.
    Ask,
    /// Remove it.
    Remove,
}

/// What this program was started for.
#[derive(Debug)]
pub(super) enum Task {
    /// To clean, by somebody or, if it is to die with its parent, by a session.
    Clean(Choice, Option<u32>),
    /// To watch over the session whose runtime folder this is, and over the supervisor with this
    /// number.
    Guard(PathBuf, u32),
}

/// What the command line says about cleaning.
#[derive(Debug)]
pub(super) struct Choice {
    /// `None` when no level was named.
    pub(super) level: Option<Level>,
    /// How stdout is written.
    pub(super) form: Form,
    /// What goes to the configuration.
    pub(super) overrides: Overrides,
    dry_run: bool,
    yes: bool,
}

impl Choice {
    /// The level and the deed, when somebody can be `asked` or not.
    pub(super) fn settle(&self, asked: bool) -> (Level, Deed) {
        // Listing harms nobody, so a level that was named needs no agreement.
        let level = match self.level {
            Some(level) if asked || self.yes || self.dry_run => level,
            None if asked && !self.yes => Level::All,
            Some(_) | None => Level::Stale,
        };
        let deed = match self.level {
            _ if self.dry_run => Deed::List,
            Some(Level::Stale) => Deed::Remove,
            _ if self.yes || !asked => Deed::Remove,
            _ => Deed::Ask,
        };
        (level, deed)
    }
}

#[derive(Parser, Debug)]
#[command(
    name = "chattrace-clean",
    // Not what the caller put in its place.
    bin_name = "chattrace-clean",
    version,
    about = "Removes what chattrace left, and names what remains",
    after_help = "Without a level: on a terminal, everything is shown and you are asked;\n\
                  elsewhere, --stale. Living sessions are never touched. Ends with 1 if anything\n\
                  remains.\n\n\
                  Examples:\n  \
                  chattrace-clean --all --dry-run -0 | xargs -0 ls -ld\n  \
                  chattrace-clean --all --yes && echo clean"
)]
pub(super) struct Arguments {
    /// Folders, processes, downloads of dead sessions
    #[arg(long)]
    stale: bool,
    /// Also saved event logs in the archive folder
    #[arg(long)]
    logs: bool,
    /// Also the managed cloudflared and the data folder
    #[arg(long)]
    all: bool,
    /// List only
    #[arg(long)]
    dry_run: bool,
    /// End each path with NUL instead of a line feed
    #[arg(short = '0', conflicts_with = "json")]
    nul: bool,
    /// One JSON object per line
    #[arg(long)]
    json: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Configuration file
    #[arg(long, value_name = "PATH", env = "CHATTRACE_CONFIG", hide_env_values = true)]
    config: Option<PathBuf>,
    /// Folder of event logs [default: as configured, or .]
    #[arg(long, value_name = "DIR")]
    archive_dir: Option<PathBuf>,
    /// Watch over the session of this runtime folder
    #[arg(long, value_name = "RUN_DIR", requires = "lifeline", hide = true)]
    guard: Option<PathBuf>,
    /// Started by this process, for its session
    #[arg(long, value_name = "PPID", hide = true)]
    lifeline: Option<u32>,
}

impl From<Arguments> for Task {
    fn from(given: Arguments) -> Self {
        match (given.guard.clone(), given.lifeline) {
            (Some(run_dir), Some(parent)) => Task::Guard(run_dir, parent),
            (_, lifeline) => Task::Clean(given.into(), lifeline),
        }
    }
}

impl From<Arguments> for Choice {
    fn from(given: Arguments) -> Self {
        let levels =
            [(given.all, Level::All), (given.logs, Level::Logs), (given.stale, Level::Stale)];
        let form = match (given.nul, given.json) {
            (true, _) => Form::Nul,
            (false, true) => Form::Json,
            (false, false) => Form::BackgroundWriter,
        };
        Self {
            level: levels.into_iter().find(|(named, _)| *named).map(|(_, level)| level),
            form,
            overrides: Overrides {
                config: given.config,
                archive_dir: given.archive_dir,
                ..Overrides::default()
            },
            dry_run: given.dry_run,
            yes: given.yes,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn settled(line: &str, asked: bool) -> (Level, Deed) {
        let words = std::iter::once("chattrace-clean").chain(line.split_whitespace());
        let choice: Choice = Arguments::try_parse_from(words).unwrap().into();
        choice.settle(asked)
    }

    /// The table of the contract: level and options, with and without somebody to ask.
    #[test]
    fn nothing_but_the_stale_is_removed_without_a_yes() {
        use {Deed::*, Level::*};
        for (line, on_terminal, without) in [
            ("", (All, Ask), (Stale, Remove)),
            ("--stale", (Stale, Remove), (Stale, Remove)),
            ("--logs", (Logs, Ask), (Stale, Remove)),
            ("--all", (All, Ask), (Stale, Remove)),
            ("--stale --all", (All, Ask), (Stale, Remove)),
            ("--yes", (Stale, Remove), (Stale, Remove)),
            ("--logs --yes", (Logs, Remove), (Logs, Remove)),
            ("--all --yes", (All, Remove), (All, Remove)),
            ("--dry-run", (All, List), (Stale, List)),
            ("--all --dry-run", (All, List), (All, List)),
        ] {
            assert_eq!(settled(line, true), on_terminal, "{line}");
            assert_eq!(settled(line, false), without, "{line}");
        }
    }

    #[test]
    fn the_help_fits_a_screen() {
        let help = Arguments::command().render_help().to_string();
        assert!(help.lines().count() <= 24, "{help}");
        assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
    }
}
