//! What is told: paths to programs on stdout, the rest to people on stderr.

use std::io::{IsTerminal as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use serde::Serialize;

use super::NAME;
use super::cli::{Deed, Form, Level};
use super::inventory::{Inventory, Item, Left, Place};
use super::wipe::Removal;
use crate::exit::Exit;
use crate::paths::Artifact;
use crate::terminal::{self, OutputState, escape_control};
use crate::units::format_bytes;

/// What was told so far, and to whom.
#[derive(Debug)]
pub(super) struct Report {
    form: Form,
    deed: Deed,
    /// Whether a person reads stdout; then it stays empty, and stderr has the list.
    screen: bool,
    /// Whether a person reads stderr.
    watched: bool,
    reader: OutputState,
    removed: usize,
    remain: usize,
}

/// One line of `--json`; part of the contract.
#[derive(Serialize)]
struct Line<'a> {
    path: std::borrow::Cow<'a, str>,
    bytes: u64,
    kind: &'static str,
    removed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

impl Report {
    /// One that has told nothing yet.
    pub(super) fn new(form: Form, deed: Deed) -> Self {
        Self {
            form,
            deed,
            screen: std::io::stdout().is_terminal() && form == Form::BackgroundWriter,
            watched: std::io::stderr().is_terminal(),
            reader: OutputState::Open,
            removed: 0,
            remain: 0,
        }
    }

    /// Says which sessions live, and what stays for their sake.
    pub(super) fn living(&self, found: &Inventory, level: Level) {
        for path in &found.living {
            warn(path, "this session is running and stays");
        }
        if level == Level::All && !found.living.is_empty() {
            terminal::eprint_line(&format!(
                "{NAME}: cloudflared and the data folder stay as well; end the session first"
            ));
        }
    }

    /// Shows a person what was found, with sizes.
    pub(super) fn list(&self, items: &[Item]) {
        if !self.watched || !(self.screen || self.deed == Deed::Ask) {
            return;
        }
        for item in items {
            let path = escape_control(&item.path.to_string_lossy());
            terminal::eprint_line(&format!("{:>9}  {:<11}  {path}", size(item.bytes), kind(item)));
        }
    }

    /// Asks whether all this shall go. Everything but a clear yes is a no.
    pub(super) fn agreed(&self) -> bool {
        terminal::discard_typeahead();
        // A terminal that is gone says no a line later.
        let _ = write!(std::io::stderr().lock(), "remove all this? [y/N] ");
        let mut answer = String::new();
        let read = std::io::stdin().read_line(&mut answer);
        let answer = answer.trim();
        read.is_ok() && (answer.eq_ignore_ascii_case("y") || answer.eq_ignore_ascii_case("yes"))
    }

    /// Tells of something that would go.
    pub(super) fn would_remove(&mut self, item: &Item) {
        self.tell(item, false, None);
    }

    /// Tells of something that is gone.
    pub(super) fn removed(&mut self, item: &Item, removal: Removal) {
        if removal == Removal::InUse {
            return;
        }
        self.removed += 1;
        match removal {
            Removal::Gone | Removal::InUse => {}
            Removal::Overwritten => warn(
                &item.path,
                "overwritten once and removed; on flash and copy-on-write file systems that \
                 proves nothing, old copies may remain",
            ),
            Removal::NameOnly => warn(
                &item.path,
                "removed but not overwritten: it has another name, or may not be written",
            ),
        }
        self.tell(item, true, None);
    }

    /// Tells of something that could not be removed.
    pub(super) fn remains(&mut self, item: &Item, why: &dyn std::fmt::Display) {
        self.remain += 1;
        warn(&item.path, &format!("remains: {why}"));
        self.tell(item, false, Some(why.to_string()));
    }

    /// Tells of something that is not ours to remove.
    pub(super) fn left(&self, left: &Left) {
        warn(&left.path, &format!("left alone: {}", left.why));
    }

    /// The last line of a dry run that found `count` things.
    pub(super) fn listed(&self, count: usize) {
        if self.watched {
            terminal::eprint_line(&format!("would remove {}", things(count)));
        }
    }

    /// The last line, and the code: `refused` things stood in the way of what was asked for.
    pub(super) fn end(&self, refused: usize) -> Exit {
        let remain = self.remain + refused;
        if self.watched {
            let rest = match remain {
                0 => "nothing remains".to_owned(),
                1 => "1 remains".to_owned(),
                many => format!("{many} remain"),
            };
            terminal::eprint_line(&format!("removed {}, {rest}", things(self.removed)));
        }
        if remain == 0 { Exit::Ended } else { Exit::Remains }
    }

    fn tell(&mut self, item: &Item, removed: bool, why: Option<String>) {
        // Whoever stopped reading has seen enough; what was asked for is done all the same.
        if self.screen || self.reader == OutputState::Closed {
            return;
        }
        let path = item.path.as_os_str().as_bytes();
        let line = match self.form {
            Form::BackgroundWriter if why.is_none() => [path, b"\n"].concat(),
            Form::Nul if why.is_none() => [path, b"\0"].concat(),
            Form::BackgroundWriter | Form::Nul => return,
            Form::Json => {
                let line = Line {
                    path: item.path.to_string_lossy(),
                    bytes: item.bytes,
                    kind: kind(item),
                    removed,
                    why,
                };
                format!("{}\n", terminal::json_line(&line)).into_bytes()
            }
        };
        self.reader = terminal::print_bytes(&line);
    }
}

fn warn(path: &Path, what: &str) {
    let path = escape_control(&path.to_string_lossy());
    terminal::eprint_line(&format!("{NAME}: {path}: {what}"));
}

/// One word for what it is; part of the contract of `--json`.
fn kind(item: &Item) -> &'static str {
    match &item.place {
        Place::Process(_) => "process",
        Place::Entry(entry) => match entry.made {
            Artifact::Session => "session",
            Artifact::Lock | Artifact::LockDraft => "lock",
            Artifact::ControlSocket => "socket",
            Artifact::TunnelHome => "home",
            Artifact::Cooldown => "cooldown",
            Artifact::Cloudflared => "cloudflared",
            Artifact::Download => "download",
            Artifact::EventLog => "log",
            Artifact::Base | Artifact::Folder => "folder",
        },
    }
}

fn things(count: usize) -> String {
    let noun = if count == 1 { "thing" } else { "things" };
    format!("{count} {noun}")
}

/// The length of a thing; what has none shows a dash.
fn size(bytes: u64) -> String {
    if bytes == 0 { "-".to_owned() } else { format_bytes(bytes) }
}
