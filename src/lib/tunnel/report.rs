//! Where the states of the tunnel go: to the supervisor, or to the screen and stdout.

use super::screen::Screen;
use crate::control::{FromTunnel, Outbox};
use crate::terminal::OutputState;

/// Nobody listens any more.
#[derive(Debug)]
pub(super) struct Gone;

/// Who is told.
#[derive(Debug)]
pub(super) enum Report {
    /// The supervisor, over its lifeline.
    Supervisor(Outbox<FromTunnel>),
    /// Whoever started this program.
    Screen(Screen),
}

impl Report {
    /// Tells one state.
    ///
    /// # Errors
    /// When nobody is there to hear it, which ends the tunnel.
    pub(super) async fn tell(&mut self, state: FromTunnel) -> Result<(), Gone> {
        match self {
            Report::Supervisor(outbox) => outbox.send(&state).await.map_err(|_| Gone),
            Report::Screen(screen) => match screen.show(&state) {
                OutputState::Open => Ok(()),
                OutputState::Closed => Err(Gone),
            },
        }
    }

    /// Shows that the end has begun, where somebody looks; the supervisor knows, it has asked.
    pub(super) fn closing(&mut self) {
        match self {
            Report::Supervisor(_) => {}
            Report::Screen(screen) => screen.closing(),
        }
    }
}
