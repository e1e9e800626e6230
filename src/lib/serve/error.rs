//! The errors that end `chattrace-serve`, and the exit code of each.

use crate::config::ConfigError;
use crate::control::FrameError;
use crate::exit::Exit;
use crate::process::{IncompleteConfinement, ListenError, RequiredCallError};
use crate::terminal::WriteError;

/// Why `chattrace-serve` ends early; its `Display` is the sentence for the user.
#[derive(Debug, thiserror::Error)]
pub(super) enum ServeError {
    /// The command line or the configuration file has a wrong value.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The address cannot be listened on.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The control channel to the supervisor broke.
    #[error(transparent)]
    Control(#[from] FrameError),
    /// The link, an event or another result could not be written to stdout.
    #[error(transparent)]
    Output(#[from] WriteError),
    /// A system call is refused that every room needs.
    #[error(transparent)]
    RequiredCall(#[from] RequiredCallError),
    #[error(
        "the system gave no memory, thread or signal handler: {0}; end other programs, or raise their limits"
    )]
    System(#[from] std::io::Error),
    #[error("the kernel has no random numbers: {0}")]
    Randomness(#[from] getrandom::Error),
    /// Confinement is required, and something is missing of it.
    #[error(transparent)]
    Unconfined(#[from] IncompleteConfinement),
}

impl ServeError {
    /// The exit code for this error, as docs/configuration.md lists them.
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Config(error) => error.exit(),
            Self::Output(error) => error.exit(),
            Self::Listen(_) | Self::Unconfined(_) | Self::RequiredCall(_) => Exit::Unavailable,
            Self::Control(_) | Self::System(_) | Self::Randomness(_) => Exit::Failed,
        }
    }
}
