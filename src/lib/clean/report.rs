//! The result: paths for programs on stdout, everything else for people on stderr.

use std::io::IsTerminal as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::cli::{Action, Format, Level, NAME};
use super::inventory::{Item, Kept, Target};
use super::wipe::Removal;
use crate::exit::Exit;
use crate::paths::Artifact;
use crate::terminal::{self, OutputEnd, escape_control};
use crate::units::format_bytes;

/// Writes the result, and counts what was removed and what remains.
#[derive(Debug)]
pub(super) struct Report {
    format: Format,
    action: Action,
    /// Whether stdout is a terminal and takes lines. It then stays empty: stderr shows the list.
    stdout_is_screen: bool,
    stderr_is_terminal: bool,
    /// Why the rest of the list was not written to stdout.
    output_end: Option<OutputEnd>,
    removed: usize,
    remaining: usize,
}

/// One line of `--json`. The fields are documented in docs/protocol.md.
#[derive(Serialize)]
struct JsonItem<'a> {
    path: std::borrow::Cow<'a, str>,
    bytes: u64,
    kind: &'static str,
    removed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

impl Report {
    /// A report without items. Which streams are terminals is decided here, once.
    pub(super) fn new(format: Format, action: Action) -> Self {
        Self {
            format,
            action,
            stdout_is_screen: std::io::stdout().is_terminal() && format == Format::Lines,
            stderr_is_terminal: std::io::stderr().is_terminal(),
            output_end: None,
            removed: 0,
            remaining: 0,
        }
    }

    /// Names the running sessions, and what is not removed because of them.
    pub(super) fn print_running(&self, running: &[PathBuf], level: Level) {
        for path in running {
            warn(path, "this session is running and is not touched");
        }
        if level == Level::All && !running.is_empty() {
            terminal::eprint_line(&format!(
                "{NAME}: cloudflared and the data folder stay while a session is running; end it first"
            ));
        }
    }

    /// Lists the items with their sizes on stderr, if that is a terminal and a person reads the list.
    pub(super) fn print_list(&self, items: &[Item]) {
        if !self.stderr_is_terminal || !(self.stdout_is_screen || self.action == Action::Ask) {
            return;
        }
        for item in items {
            let path = escape_control(&item.path.to_string_lossy());
            let (bytes, kind) = (bytes_or_dash(item.bytes), kind(item));
            terminal::eprint_line(&format!("{bytes:>9}  {kind:<11}  {path}"));
        }
    }

    /// Asks whether to remove all items. Any answer but `y` or `yes` is a no.
    pub(super) fn confirm(&self) -> bool {
        let answer = terminal::ask("remove all this? [y/N] ");
        answer.is_some_and(|answer| ["y", "yes"].contains(&answer.to_ascii_lowercase().as_str()))
    }

    /// Records an item that a dry run does not remove.
    pub(super) fn planned(&mut self, item: &Item) {
        self.write(item, false, None);
    }

    /// Records an item that was removed. A folder that is still used is not counted at all.
    pub(super) fn removed(&mut self, item: &Item, removal: Removal) {
        match removal {
            Removal::StillUsed => return,
            Removal::Removed => {}
            Removal::Overwritten => warn(
                &item.path,
                "overwritten once and removed; on flash and copy-on-write file systems old copies may \
                 remain",
            ),
            Removal::NotOverwritten => warn(
                &item.path,
                "removed but not overwritten: it has a second name (a hard link), or is read-only",
            ),
        }
        self.removed += 1;
        self.write(item, true, None);
    }

    /// Records an item that could not be removed.
    pub(super) fn remains(&mut self, item: &Item, reason: &dyn std::fmt::Display) {
        self.remaining += 1;
        warn(&item.path, &format!("remains: {reason}"));
        self.write(item, false, Some(reason.to_string()));
    }

    /// Names a path that is not removed.
    pub(super) fn kept(&self, kept: &Kept) {
        warn(&kept.path, &format!("not removed: {}", kept.reason));
    }

    /// Writes the last line of a dry run, and returns the exit code.
    pub(super) fn finish_list(&self, count: usize) -> Exit {
        if self.stderr_is_terminal {
            terminal::eprint_line(&format!("would remove {}", things(count)));
        }
        self.output_end.map_or(Exit::Ended, |end| terminal::report_output_end(NAME, end))
    }

    /// Writes the last line, and returns the exit code. `refused` kept paths count as remaining;
    /// `others` says whether more was kept, as it should be. When stdout could not be written, the last
    /// line is all that tells what was done.
    pub(super) fn finish(&self, refused: usize, others: bool) -> Exit {
        let remaining = self.remaining + refused;
        let reported =
            self.output_end.map_or(Exit::Ended, |end| terminal::report_output_end(NAME, end));
        if self.stderr_is_terminal || reported != Exit::Ended {
            let rest = match remaining {
                0 if others => "nothing else remains".to_owned(),
                0 => "nothing remains".to_owned(),
                1 => "1 remains".to_owned(),
                many => format!("{many} remain"),
            };
            terminal::eprint_line(&format!("removed {}, {rest}", things(self.removed)));
        }
        if remaining == 0 { reported } else { Exit::Remains }
    }

    fn write(&mut self, item: &Item, removed: bool, why: Option<String>) {
        // The removal goes on without its report.
        if self.stdout_is_screen || self.output_end.is_some() {
            return;
        }
        let path = item.path.as_os_str().as_bytes();
        let line = match self.format {
            Format::Lines if why.is_none() => [path, b"\n"].concat(),
            Format::Nul if why.is_none() => [path, b"\0"].concat(),
            Format::Lines | Format::Nul => return,
            Format::Json => {
                let path = item.path.to_string_lossy();
                let (bytes, kind) = (item.bytes, kind(item));
                let line = terminal::json_line(&JsonItem { path, bytes, kind, removed, why });
                format!("{line}\n").into_bytes()
            }
        };
        self.output_end = terminal::print_bytes(&line).err();
    }
}

fn warn(path: &Path, what: &str) {
    let path = escape_control(&path.to_string_lossy());
    terminal::eprint_line(&format!("{NAME}: {path}: {what}"));
}

/// The `kind` of an item in `--json`. Documented in docs/protocol.md; scripts compare it.
fn kind(item: &Item) -> &'static str {
    let Target::File(file) = &item.target else {
        return "process";
    };
    match file.artifact {
        Artifact::Session | Artifact::UnlockedSession => "session",
        Artifact::Lock | Artifact::LockDraft => "lock",
        Artifact::ControlSocket => "socket",
        Artifact::TunnelHome => "home",
        Artifact::Cooldown => "cooldown",
        Artifact::Cloudflared => "cloudflared",
        Artifact::Download => "download",
        Artifact::EventLog => "log",
        Artifact::Base | Artifact::Folder => "folder",
    }
}

fn things(count: usize) -> String {
    let noun = if count == 1 { "thing" } else { "things" };
    format!("{count} {noun}")
}

fn bytes_or_dash(bytes: u64) -> String {
    if bytes == 0 { "-".to_owned() } else { format_bytes(bytes) }
}
