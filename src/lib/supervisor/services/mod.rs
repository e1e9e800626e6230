//! The services of a session: started as siblings of our own program, spoken to over their
//! lifelines, heard through one queue.

mod cleaner;
mod protocol;
mod running;

#[cfg(test)]
mod protocol_tests;

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tokio::sync::mpsc;

use crate::control::{self, FromServe, FromTunnel, ToGuard, ToServe, ToTunnel};
use crate::process::{self, SpawnError};

pub(super) use cleaner::{Cleaner, Cleaning};
pub(super) use protocol::Violation;
use protocol::{GuardProtocol, RoomProtocol, TunnelProtocol};
pub(super) use running::Running;
use running::start;

/// Things that happened and are not looked at yet. A full queue makes the services wait.
pub(super) const INPUTS: usize = 256;

/// What comes in from services and from the operator, in one queue.
#[derive(Debug)]
pub(super) enum Input {
    /// From the room.
    Serve(FromServe),
    /// From the tunnel.
    Tunnel(FromTunnel),
    /// A service broke the rules of its conversation, and is not listened to any more.
    Violated(Role, Violation),
    /// A service has ended, after everything that it said.
    Ended(Role, String),
    /// The cleaning of dead sessions is over.
    Cleaned(Cleaning),
    /// A question over the control socket.
    Request(control::IncomingRequest),
    /// What the operator typed; `None`: nobody types any more.
    Answer(Option<String>),
    /// Seconds until the public address is announced.
    Settling(u64),
}

/// What a service is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The room.
    Serve,
    /// The public address.
    Tunnel,
    /// What is left when we are killed.
    Guard,
}

impl Role {
    /// The program that does it.
    pub(super) fn program(self) -> &'static str {
        match self {
            Role::Serve => "chattrace-serve",
            Role::Tunnel => "chattrace-tunnel",
            Role::Guard => "chattrace-clean",
        }
    }
}

/// The three sibling programs.
#[derive(Debug)]
pub(super) struct Programs {
    /// `chattrace-serve`.
    pub(super) serve: PathBuf,
    /// `chattrace-tunnel`.
    pub(super) tunnel: PathBuf,
    /// `chattrace-clean`.
    pub(super) clean: PathBuf,
}

impl Programs {
    /// Finds them beside our own program.
    ///
    /// # Errors
    /// With the first that is missing.
    pub(super) fn find() -> Result<Self, SpawnError> {
        Ok(Self {
            serve: process::sibling_path(Role::Serve.program())?,
            tunnel: process::sibling_path(Role::Tunnel.program())?,
            clean: process::sibling_path(Role::Guard.program())?,
        })
    }

    /// Starts the guard of the session in `run_dir`. It shares our screen, for the one sentence that
    /// only it can say: that we were killed.
    ///
    /// # Errors
    /// When the system does not start it.
    pub(super) fn start_guard(
        &self,
        session: &str,
        run_dir: &Path,
        inputs: &mpsc::Sender<Input>,
    ) -> Result<Running<ToGuard>, SpawnError> {
        let mut command = Command::new(&self.clean);
        command.arg("--guard").arg(run_dir).stdout(Stdio::null()).stderr(Stdio::inherit());
        // A greeting is all it says.
        start::<GuardProtocol, _>(Role::Guard, command, session, inputs, |_| None)
    }

    /// Starts the room on `listener`.
    ///
    /// # Errors
    /// When the system does not start it.
    pub(super) fn start_serve(
        &self,
        session: &str,
        listener: OwnedFd,
        inputs: &mpsc::Sender<Input>,
    ) -> Result<Running<ToServe>, SpawnError> {
        let mut command = Command::new(&self.serve);
        command.stdout(listener).stderr(Stdio::piped());
        let wrap = |said| Some(Input::Serve(said));
        start::<RoomProtocol, _>(Role::Serve, command, session, inputs, wrap)
    }

    /// Starts the tunnel.
    ///
    /// # Errors
    /// When the system does not start it.
    pub(super) fn start_tunnel(
        &self,
        session: &str,
        inputs: &mpsc::Sender<Input>,
    ) -> Result<Running<ToTunnel>, SpawnError> {
        let mut command = Command::new(&self.tunnel);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let wrap = |said| Some(Input::Tunnel(said));
        start::<TunnelProtocol, _>(Role::Tunnel, command, session, inputs, wrap)
    }

    /// Lets `chattrace-clean` remove what dead sessions left.
    ///
    /// # Errors
    /// When the system does not start it.
    pub(super) fn start_cleaner(&self, session: &str) -> Result<Cleaner, SpawnError> {
        Cleaner::start(&self.clean, session)
    }
}
