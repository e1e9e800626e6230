//! The children of a session, one place for each.

use std::ffi::OsStr;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Command, Stdio};

use tokio::sync::mpsc;

use super::cleaner::Cleaner;
use super::event::{ChildEvent, ChildRole};
use super::programs::Programs;
use super::protocol::{GuardProtocol, ServeProtocol, TunnelProtocol};
use super::service::{Child, NotReading, Service};
use crate::config::Mode;
use crate::control::{ToGuard, ToServe, ToTunnel};
use crate::process::{self, ServiceProcess, SessionProcess, SpawnError};
use crate::terminal::TerminalModes;

/// Events that wait for the event loop. While the queue is full, the children wait.
const MAX_QUEUED_EVENTS: usize = 256;

/// Every process that the supervisor has spawned and not reaped.
#[derive(Debug)]
pub(in crate::supervisor) struct Children {
    programs: Programs,
    /// Marks the processes of this session in their environment.
    session_id: String,
    events: mpsc::Sender<ChildEvent>,
    serve: Option<Service<ToServe>>,
    tunnel: Option<Service<ToTunnel>>,
    cleaner: Option<Cleaner>,
    guard: Option<Service<ToGuard>>,
    /// The modes of the terminal before the prompt, which the guard restores.
    modes: Option<TerminalModes>,
}

impl Children {
    /// Returns an empty registry, and the queue in which the events of its children arrive.
    pub(in crate::supervisor) fn new(
        programs: Programs,
        session_id: String,
    ) -> (Self, mpsc::Receiver<ChildEvent>) {
        let (events, queue) = mpsc::channel(MAX_QUEUED_EVENTS);
        let (serve, tunnel, cleaner, guard) = (None, None, None, None);
        let children =
            Self { programs, session_id, events, serve, tunnel, cleaner, guard, modes: None };
        (children, queue)
    }

    /// Spawns the guard of the session in `run_dir`. It shares the supervisor's standard error, for
    /// the one line that only it can print: that the supervisor was killed.
    ///
    /// # Errors
    /// When the system does not spawn it.
    pub(in crate::supervisor) fn spawn_guard(&mut self, run_dir: &Path) -> Result<(), SpawnError> {
        let mut command = Command::new(self.programs.path(ChildRole::Guard));
        command
            .arg(process::GUARD_OPTION)
            .arg(run_dir)
            .stdout(Stdio::null())
            .stderr(Stdio::inherit());
        let (id, events) = (&self.session_id, &self.events);
        // Its greeting is its only message, and no event follows from it.
        let guard = Service::spawn(
            ChildRole::Guard,
            GuardProtocol::default(),
            command,
            id,
            events,
            |_| None,
        )?;
        self.guard = Some(guard);
        self.order_guard_modes();
        Ok(())
    }

    /// Lets the guard, and each that replaces it, restore these modes of the terminal if this process is
    /// killed.
    pub(in crate::supervisor) fn protect_modes(&mut self, modes: TerminalModes) {
        self.modes = Some(modes);
        self.order_guard_modes();
    }

    fn order_guard_modes(&self) {
        if let Some(modes) = self.modes.clone() {
            self.order_guard(ToGuard::Modes { modes });
        }
    }

    /// Spawns the `chattrace-clean` that removes what dead sessions left.
    ///
    /// # Errors
    /// When the system does not spawn it.
    pub(in crate::supervisor) fn spawn_cleaner(&mut self) -> Result<(), SpawnError> {
        let program = self.programs.path(ChildRole::Cleaner);
        self.cleaner = Some(Cleaner::spawn(program, &self.session_id)?);
        Ok(())
    }

    /// Spawns the room's process, with `listener` as its standard output, and orders it to start. Which
    /// messages it may send depends on the `mode` of the room.
    ///
    /// # Errors
    /// When the system does not spawn it.
    pub(in crate::supervisor) fn spawn_serve(
        &mut self,
        listener: &TcpListener,
        mode: Mode,
        start: ToServe,
    ) -> Result<(), SpawnError> {
        let name = ChildRole::Serve.program();
        let listener = listener.try_clone().map(OwnedFd::from);
        let listener = listener.map_err(|source| SpawnError::Refused { name, source })?;
        let mut command = Command::new(self.programs.path(ChildRole::Serve));
        command.stdout(listener).stderr(Stdio::piped());
        let (id, events) = (&self.session_id, &self.events);
        let wrap = |message| Some(ChildEvent::Serve(message));
        let protocol = ServeProtocol::new(mode);
        let serve = Service::spawn(ChildRole::Serve, protocol, command, id, events, wrap)?;
        serve.send(start);
        self.serve = Some(serve);
        Ok(())
    }

    /// Spawns the tunnel's process and gives it its first order.
    ///
    /// # Errors
    /// When the system does not spawn it.
    pub(in crate::supervisor) fn spawn_tunnel(
        &mut self,
        start: ToTunnel,
    ) -> Result<(), SpawnError> {
        let mut command = Command::new(self.programs.path(ChildRole::Tunnel));
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let (id, events) = (&self.session_id, &self.events);
        let wrap = |message| Some(ChildEvent::Tunnel(message));
        let tunnel = Service::spawn(
            ChildRole::Tunnel,
            TunnelProtocol::default(),
            command,
            id,
            events,
            wrap,
        )?;
        tunnel.send(start);
        self.tunnel = Some(tunnel);
        Ok(())
    }

    /// Queues an order for the room's process; dropped if the process does not run.
    pub(in crate::supervisor) fn order_serve(&self, order: ToServe) {
        if let Some(serve) = &self.serve {
            serve.send(order);
        }
    }

    /// Queues all of these orders for the room's process, or none; dropped if it does not run.
    ///
    /// # Errors
    /// When they do not fit, because the process does not read.
    pub(in crate::supervisor) fn order_serve_all(
        &self,
        orders: Vec<ToServe>,
    ) -> Result<(), NotReading> {
        self.serve.as_ref().map_or(Ok(()), |serve| serve.send_all(orders))
    }

    /// Queues an order for the tunnel's process; dropped if the process does not run.
    pub(in crate::supervisor) fn order_tunnel(&self, order: ToTunnel) {
        if let Some(tunnel) = &self.tunnel {
            tunnel.send(order);
        }
    }

    /// Queues an order for the guard; dropped if there is none.
    pub(super) fn order_guard(&self, order: ToGuard) {
        if let Some(guard) = &self.guard {
            guard.send(order);
        }
    }

    /// Closes the lifeline of the room's process, which exits.
    pub(in crate::supervisor) fn release_serve(&mut self) {
        if let Some(serve) = &mut self.serve {
            serve.close_lifeline();
        }
    }

    /// Continues a child that was stopped by a signal.
    pub(in crate::supervisor) fn resume(&self, role: ChildRole) {
        if let Some(process) = self.process(role) {
            process.resume();
        }
    }

    /// Kills a child with its process group.
    pub(in crate::supervisor) fn kill(&self, role: ChildRole) {
        if let Some(process) = self.process(role) {
            process.kill_group();
        }
    }

    /// Reaps every child that has exited, and every orphan that the kernel gave to the supervisor.
    pub(in crate::supervisor) fn reap(&mut self) {
        reap_child(&mut self.serve, &self.events);
        reap_child(&mut self.cleaner, &self.events);
        reap_child(&mut self.guard, &self.events);
        if reap_child(&mut self.tunnel, &self.events) {
            // A cloudflared that had left the tunnel's group would keep the old address, unnoticed.
            let spared: Vec<i32> = self.processes().map(ServiceProcess::pid).collect();
            self.kill_marked(&spared);
        }
        process::reap_orphans(&self.processes().collect::<Vec<_>>());
    }

    /// Kills the processes that carry the mark of this session, except the `spared` pids, and returns
    /// the pids that it found. A process that may not be killed is found again at the end.
    pub(super) fn kill_marked(&self, spared: &[i32]) -> Vec<i32> {
        let marked = SessionProcess::find_all(OsStr::new(&self.session_id)).into_iter();
        let marked = marked.filter(|marked| !spared.contains(&marked.pid()));
        marked
            .map(|marked| {
                let _ = marked.kill();
                marked.pid()
            })
            .collect()
    }

    /// The process of a child; `None` once it is reaped.
    pub(super) fn process(&self, role: ChildRole) -> Option<&ServiceProcess> {
        match role {
            ChildRole::Serve => self.serve.as_ref().map(Child::process),
            ChildRole::Tunnel => self.tunnel.as_ref().map(Child::process),
            ChildRole::Cleaner => self.cleaner.as_ref().map(Child::process),
            ChildRole::Guard => self.guard.as_ref().map(Child::process),
        }
    }

    fn processes(&self) -> impl Iterator<Item = &ServiceProcess> {
        ChildRole::ALL.into_iter().filter_map(|role| self.process(role))
    }
}

/// Empties the place of a child that has exited and reports it; false if it still runs.
fn reap_child<C: Child>(place: &mut Option<C>, events: &mpsc::Sender<ChildEvent>) -> bool {
    let Some(reason) = place.as_ref().and_then(|child| child.process().reap()) else {
        return false;
    };
    if let Some(child) = place.take() {
        child.report_exit(reason, events.clone());
    }
    true
}
