//! Where the states of the tunnel go: to the supervisor, or to the terminal and stdout.

use super::context::StopReason;
use super::screen::TunnelScreen;
use super::stdout::Stdout;
use crate::control::{FromTunnel, Outbox};
use crate::terminal::{OutputEnd, WriteError};

/// The receiver of the states, in each of the two modes.
#[derive(Debug)]
pub(super) enum StatusSink {
    /// Over the control channel.
    Supervisor(Outbox<FromTunnel>),
    /// For the user on stderr, for programs on stdout.
    Standalone { screen: TunnelScreen, stdout: Stdout },
}

/// Why a state did not reach its receiver. The program then stops.
#[derive(Debug)]
pub(super) enum StatusError {
    /// The supervisor or the reader of stdout is gone.
    Disconnected,
    /// stdout could not be written.
    Output(WriteError),
}

impl From<OutputEnd> for StatusError {
    fn from(end: OutputEnd) -> Self {
        match end {
            OutputEnd::ReaderGone => Self::Disconnected,
            OutputEnd::Failed(error) => Self::Output(error),
        }
    }
}

impl From<StatusError> for StopReason {
    fn from(error: StatusError) -> Self {
        match error {
            StatusError::Disconnected => Self::Requested,
            StatusError::Output(error) => Self::OutputFailed(error),
        }
    }
}

impl StatusSink {
    /// Sends `state`.
    ///
    /// # Errors
    /// When the receiver is gone, or stdout could not be written.
    pub(super) async fn send(&mut self, state: FromTunnel) -> Result<(), StatusError> {
        match self {
            Self::Supervisor(outbox) => {
                outbox.send(&state).await.map_err(|_| StatusError::Disconnected)
            }
            Self::Standalone { screen, stdout } => {
                screen.show(&state);
                Ok(stdout.write(&state)?)
            }
        }
    }

    /// Shows a user that the shutdown has begun; a supervisor has requested it itself.
    pub(super) fn show_closing(&mut self) {
        if let Self::Standalone { screen, .. } = self {
            screen.show_closing();
        }
    }
}
