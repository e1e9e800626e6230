//! The command line of `chattrace-serve`.

use clap::Parser;

use crate::config::{ConfigError, Mode, Overrides, RoomFlags, RoomSettings};

/// The room alone: serves one chat from memory until it is ended.
#[derive(Debug, Parser)]
#[command(
    name = "chattrace-serve",
    // Not argv[0], which the caller chooses.
    bin_name = "chattrace-serve",
    version,
    after_help = "Examples:\n  \
        chattrace-serve --listen 127.0.0.1:8080\n  \
        chattrace-serve | chattrace-tunnel | tee link.txt"
)]
pub(super) struct ServeCli {
    #[command(flatten)]
    room: RoomFlags,
    /// Needs an operator, and is refused
    #[arg(long, hide = true)]
    lobby: bool,
    /// Events as JSON, one object per line
    #[arg(long)]
    pub(super) json: bool,
    /// Try what the room must not do, show it, and exit
    #[arg(long)]
    pub(super) self_test: bool,
    /// Run under the supervisor with this process id
    #[arg(long, value_name = "PID", hide = true)]
    pub(super) lifeline: Option<u32>,
}

impl ServeCli {
    /// Whether `--explain-limits` was given: print the memory limit and exit.
    pub(super) fn explain_limits(&self) -> bool {
        self.room.explain_limits
    }

    /// The flags that override the configuration file, for a room without a supervisor: an open one.
    /// The mode in the file is that of `chattrace`.
    ///
    /// # Errors
    /// When a sealed room is asked for, whose keys this process must not have, or a lobby, out of which
    /// no one could be admitted.
    pub(super) fn overrides(&self) -> Result<Overrides, ConfigError> {
        if self.room.mode() == Some(Mode::Sealed) {
            return Err(ConfigError::Conflict(
                "chattrace-serve alone is always open, because the keys of a sealed room belong to chattrace; \
                 run chattrace for a sealed room, or leave out --sealed and CHATTRACE_MODE"
                    .to_owned(),
            ));
        }
        if self.lobby {
            return Err(no_operator("leave out --lobby"));
        }
        Ok(self.explained_overrides())
    }

    /// The same for `--explain-limits`, which knows both modes.
    pub(super) fn explained_overrides(&self) -> Overrides {
        let mode = self.room.mode().or(Some(Mode::Open));
        Overrides { mode, ..self.room.overrides() }
    }
}

/// Refuses a lobby that the file asks for: newcomers would come in unasked.
///
/// # Errors
/// When the room has a lobby.
pub(super) fn check_lobby(room: &RoomSettings) -> Result<(), ConfigError> {
    match room.lobby {
        true => Err(no_operator("set room.lobby to false")),
        false => Ok(()),
    }
}

fn no_operator(step: &str) -> ConfigError {
    ConfigError::Conflict(format!(
        "chattrace-serve alone has no lobby, because it has no operator who admits anyone; run chattrace for a \
         room with a lobby, or {step}"
    ))
}
