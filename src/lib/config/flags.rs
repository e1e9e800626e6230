//! The options that `chattrace` and `chattrace-serve` share.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use super::overrides::Overrides;
use super::values::{Backlog, ConfinementPolicy, Listen, Mode, Participants};
use crate::span::Span;

/// What the manual pages say about these options beyond their line of `--help`, by the id of clap.
pub(crate) const ROOM_DETAILS: &[(&str, &str)] = &[
    (
        "config",
        "It must be a regular file of at most 1 MiB, in JSON. An option takes precedence over the \
         environment, the environment over the file, the file over the built-in values.",
    ),
    (
        "listen",
        "An IP address and a port; port 0 is any free port. Beyond loopback every computer on the network \
         can reach the room, unencrypted.",
    ),
    (
        "sealed",
        "The default of chattrace. Messages and names are encrypted between the people in the room. Cloudflare \
         sees when they come and speak, and could read only by altering the page. chattrace-serve alone is \
         always open: it has no keys.",
    ),
    (
        "open",
        "Works without encryption in the browser: on plain http, and in browsers that cannot encrypt.",
    ),
    ("max_participants", "Up to 10000; in a sealed room up to 1000."),
    (
        "backlog",
        "A number above 0 is announced on the page where one joins, and needs an open room.",
    ),
    (
        "fade",
        "SPAN is a whole number and a unit: 30s, 10m, 2h. A message disappears from the room's memory and \
         from every screen when it is that old.",
    ),
    (
        "require_confinement",
        "Otherwise, what the kernel lacks is named, and the session goes on. With this option it does not \
         begin: code 69.",
    ),
    ("explain_limits", "Every share is named, and what happens at each limit."),
];

/// The options of the room, which both programs flatten into their own command line.
#[derive(Debug, Args)]
pub(crate) struct RoomFlags {
    /// Configuration file [default: yours, or built in]
    #[arg(long, value_name = "PATH", env = "CHATTRACE_CONFIG", hide_env = true)]
    config: Option<PathBuf>,
    /// Where to listen [default: 127.0.0.1:0]
    #[arg(long, value_name = "ADDR", env = "CHATTRACE_LISTEN", hide_env = true)]
    listen: Option<Listen>,
    /// Only people in it can read: chattrace's default
    #[arg(long, conflicts_with = "open")]
    sealed: bool,
    /// This computer and the tunnel provider can read
    #[arg(long)]
    open: bool,
    /// The same as --open and --sealed: open or sealed
    #[arg(long, env = "CHATTRACE_MODE", hide = true, value_name = "MODE")]
    mode: Option<Mode>,
    /// At once; quick tunnels carry 200 [default: 100]
    #[arg(long, value_name = "N")]
    max_participants: Option<Participants>,
    /// Earlier messages for newcomers [default: 0]
    #[arg(long, value_name = "N")]
    backlog: Option<Backlog>,
    /// Messages disappear after so long [default: never]
    #[arg(long, value_name = "SPAN")]
    fade: Option<Span>,
    /// No session unless the sandbox is complete
    #[arg(long)]
    require_confinement: bool,
    /// Print how much memory the room can take
    #[arg(long)]
    pub(crate) explain_limits: bool,
}

impl RoomFlags {
    /// The settings that these options give; those of other options are `None`.
    pub(crate) fn overrides(&self) -> Overrides {
        Overrides {
            config: self.config.clone(),
            listen: self.listen,
            mode: self.mode(),
            max_participants: self.max_participants,
            backlog: self.backlog,
            fade: self.fade,
            confinement: self.require_confinement.then_some(ConfinementPolicy::Required),
            ..Overrides::default()
        }
    }

    /// The arguments of `chattrace-serve` for `--explain-limits` of a room in `mode`, and options that
    /// change its answer.
    pub(crate) fn explain_limits_args(&self, mode: Mode) -> Vec<OsString> {
        let mode = match mode {
            Mode::Sealed => "--sealed",
            Mode::Open => "--open",
        };
        let mut args = vec![OsString::from("--explain-limits"), mode.into()];
        if let Some(config) = &self.config {
            args.extend(["--config".into(), config.into()]);
        }
        if let Some(max) = self.max_participants {
            args.extend(["--max-participants".into(), max.to_string().into()]);
        }
        args
    }

    /// The mode that was asked for. A flag overrides the environment, which sets `mode`.
    pub(crate) fn mode(&self) -> Option<Mode> {
        match (self.sealed, self.open) {
            (true, _) => Some(Mode::Sealed),
            (false, true) => Some(Mode::Open),
            (false, false) => self.mode,
        }
    }
}
