//! Starting the services. What cannot be started has ended.

use std::os::fd::OwnedFd;

use super::EventLoop;
use crate::control::{ToServe, ToTunnel};
use crate::process::SpawnError;
use crate::supervisor::children::{ChildRole, Cleaning};
use crate::supervisor::session::SessionEvent;

impl EventLoop {
    pub(super) fn start_guard(&mut self) -> Option<SessionEvent> {
        let run_dir = self.run_dir.as_ref()?.path();
        match self.programs.start_guard(&self.id, run_dir, &self.inputs) {
            Ok(guard) => {
                self.guard = Some(guard);
                None
            }
            Err(error) => Some(SessionEvent::GuardEnded(error.to_string())),
        }
    }

    pub(super) fn start_cleaner(&mut self) -> Option<SessionEvent> {
        match self.programs.start_cleaner(&self.id) {
            Ok(cleaner) => {
                self.cleaner = Some(cleaner);
                None
            }
            Err(error) => {
                self.console.cleaned(&Cleaning::Failed(error.to_string()));
                Some(SessionEvent::Cleaned)
            }
        }
    }

    pub(super) fn start_serve(&mut self) -> Option<SessionEvent> {
        let handed = self.listener.try_clone().map(OwnedFd::from);
        let started = match handed {
            Ok(handed) => self.programs.start_serve(&self.id, handed, &self.inputs),
            Err(source) => Err(SpawnError::Refused { name: ChildRole::Serve.program(), source }),
        };
        match started {
            Ok(serve) => {
                let room = self.config.room.clone();
                serve.tell(ToServe::Start { room, ticket: self.ticket.clone() });
                self.serve = Some(serve);
                None
            }
            Err(error) => Some(SessionEvent::ServeEnded(error.to_string())),
        }
    }

    pub(super) fn start_tunnel(&mut self) -> Option<SessionEvent> {
        let run_dir = self.run_dir.as_ref()?.path().to_owned();
        match self.programs.start_tunnel(&self.id, &self.inputs) {
            Ok(tunnel) => {
                let confine = self.config.confinement;
                let settings = self.config.tunnel.clone();
                tunnel.tell(ToTunnel::Start { tunnel: settings, confine, run_dir });
                self.tunnel = Some(tunnel);
                None
            }
            Err(error) => Some(SessionEvent::TunnelEnded(error.to_string())),
        }
    }
}
