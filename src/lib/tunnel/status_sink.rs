//! Where the states of the tunnel go: to the supervisor, or to the terminal and stdout.

use super::context::StopReason;
use super::screen::TunnelScreen;
use super::stdout::Stdout;
use crate::control::{FromTunnel, Outbox};
use crate::terminal::OutputState;

/// The receiver of the states, in each of the two modes.
#[derive(Debug)]
pub(super) enum StatusSink {
    /// Over the control channel.
    Supervisor(Outbox<FromTunnel>),
    /// For the user on stderr, for programs on stdout.
    Standalone { screen: TunnelScreen, stdout: Stdout },
}

/// The supervisor or the reader of stdout is gone.
#[derive(Debug)]
pub(super) struct Disconnected;

impl From<Disconnected> for StopReason {
    fn from(_: Disconnected) -> Self {
        Self::Requested
    }
}

impl StatusSink {
    /// Sends `state`. Fails when the receiver is gone; the program then stops as on request.
    pub(super) async fn send(&mut self, state: FromTunnel) -> Result<(), Disconnected> {
        match self {
            Self::Supervisor(outbox) => outbox.send(&state).await.map_err(|_| Disconnected),
            Self::Standalone { screen, stdout } => {
                screen.show(&state);
                match stdout.write(&state) {
                    OutputState::Open => Ok(()),
                    OutputState::Closed => Err(Disconnected),
                }
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
