//! The command line of `chattrace-clean`.

use std::path::PathBuf;

use clap::{Parser, ValueHint};

use crate::config::Overrides;

/// The name of the program, on its command line and in front of its messages.
pub(super) const NAME: &str = "chattrace-clean";

const AFTER_HELP: &str = "\
Without a level: on a terminal, everything is shown and you are asked;
elsewhere, --stale. Never touches a running session; 1 if anything remains.

Examples:
  chattrace-clean --all --dry-run -0 | xargs -0 ls -ld
  chattrace-clean --all --yes && echo clean";

/// How much is removed. Each level includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// What dead sessions left.
    Stale,
    /// Also saved event logs.
    Logs,
    /// Everything, as if chattrace had never been installed.
    All,
}

/// How the result is written to stdout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// One path per line, unless stdout is a terminal.
    Lines,
    /// Every path followed by NUL.
    Nul,
    /// One JSON object per line.
    Json,
}

/// What is done with the items that were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// They are only listed (`--dry-run`).
    List,
    /// They are removed if the user agrees, who is shown the list first.
    Ask,
    /// They are removed without a confirmation.
    Remove,
}

/// The mode in which the program runs.
#[derive(Debug)]
pub(super) enum Task {
    /// Remove what was left, or list it.
    Clean(Options),
    /// Guard the session with this runtime folder, whose supervisor is the process `parent`.
    Guard { run_dir: PathBuf, parent: u32 },
}

/// The options of [`Task::Clean`].
#[derive(Debug)]
pub(super) struct Options {
    /// The level that was requested, if any.
    pub(super) level: Option<Level>,
    /// `-0` and `--json` exclude each other.
    pub(super) format: Format,
    /// Only the configuration file and the archive folder can be named.
    pub(super) overrides: Overrides,
    /// The supervisor that started this cleaner, which dies with it.
    pub(super) lifeline: Option<u32>,
    dry_run: bool,
    yes: bool,
}

impl Options {
    /// The level and the action. `interactive` says whether the user can be asked; if not, a level
    /// above [`Level::Stale`] needs `--yes` or `--dry-run`.
    pub(super) fn resolve(&self, interactive: bool) -> (Level, Action) {
        // A list changes nothing, so it needs no confirmation at any level.
        let level = match self.level {
            Some(level) if interactive || self.yes || self.dry_run => level,
            None if interactive && !self.yes => Level::All,
            Some(_) | None => Level::Stale,
        };
        let action = match self.level {
            _ if self.dry_run => Action::List,
            Some(Level::Stale) => Action::Remove,
            _ if self.yes || !interactive => Action::Remove,
            _ => Action::Ask,
        };
        (level, action)
    }
}

/// Removes what chattrace left, and names what remains
#[derive(Parser, Debug)]
#[command(name = NAME, bin_name = NAME, version, after_help = AFTER_HELP)]
pub(super) struct CleanCli {
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
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    archive_dir: Option<PathBuf>,
    /// Watch over the session of this runtime folder
    #[arg(long, value_name = "RUN_DIR", requires = "lifeline", hide = true)]
    guard: Option<PathBuf>,
    /// Started by this process, for its session
    #[arg(long, value_name = "PPID", hide = true)]
    lifeline: Option<u32>,
}

impl From<CleanCli> for Task {
    fn from(cli: CleanCli) -> Self {
        match (cli.guard.clone(), cli.lifeline) {
            (Some(run_dir), Some(parent)) => Task::Guard { run_dir, parent },
            _ => Task::Clean(cli.into()),
        }
    }
}

impl From<CleanCli> for Options {
    fn from(cli: CleanCli) -> Self {
        let levels = [(cli.all, Level::All), (cli.logs, Level::Logs), (cli.stale, Level::Stale)];
        let format = match (cli.nul, cli.json) {
            (true, _) => Format::Nul,
            (false, true) => Format::Json,
            (false, false) => Format::Lines,
        };
        Self {
            level: levels.into_iter().find(|(given, _)| *given).map(|(_, level)| level),
            format,
            overrides: Overrides {
                config: cli.config,
                archive_dir: cli.archive_dir,
                ..Overrides::default()
            },
            lifeline: cli.lifeline,
            dry_run: cli.dry_run,
            yes: cli.yes,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn resolve(line: &str, interactive: bool) -> (Level, Action) {
        let words = std::iter::once("chattrace-clean").chain(line.split_whitespace());
        let options: Options = CleanCli::try_parse_from(words).unwrap().into();
        options.resolve(interactive)
    }

    /// The table in docs/configuration.md: level and options, on a terminal and without one.
    #[test]
    fn only_stale_items_are_removed_without_a_confirmation() {
        use {Action::*, Level::*};
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
            assert_eq!(resolve(line, true), on_terminal, "{line}");
            assert_eq!(resolve(line, false), without, "{line}");
        }
    }

    #[test]
    fn the_help_fits_a_screen() {
        let help = CleanCli::command().render_help().to_string();
        assert!(help.lines().count() <= 24, "{help}");
        assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
    }
}
