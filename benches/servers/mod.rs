//! The servers that are measured: the room of chattrace, and yardsticks that relay every message to
//! all clients.

mod control;
mod floor;
mod plain;
mod process;
mod room;
mod session;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;

use crate::load::Protocol;
use crate::machine::Cores;
use process::TempDir;

pub(crate) use control::ControlSocket;
pub(crate) use floor::Fault;
pub(crate) use process::ServerProcess;
pub(crate) use room::{RateLimit, Room};
pub(crate) use session::{Mode, Session};

/// A server that can be started.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    /// Its name in the tables.
    pub(crate) name: String,
    program: Program,
    /// Whether messages are padded to the size of the room's events.
    padded: bool,
}

#[derive(Clone, Debug)]
enum Program {
    Room(Room),
    /// `chattrace`, with its services.
    Session(Session),
    /// This program itself, as a yardstick.
    Yardstick(Yardstick),
    /// A program that prints its port and relays messages at `/ws`.
    External(PathBuf),
}

/// A server of this benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Yardstick {
    /// The least that relaying can cost with one write for each message and client.
    FloorFrame,
    /// The least that relaying through sockets can cost at all.
    FloorBatch,
    /// The same, with one fault.
    Faulty(Fault),
    /// axum and a broadcast channel, as most people would write it.
    Plain,
}

impl Yardstick {
    const ALL: [(&'static str, Self); 7] = [
        ("floor-frame", Self::FloorFrame),
        ("floor-batch", Self::FloorBatch),
        ("plain", Self::Plain),
        ("faulty-drops", Self::Faulty(Fault::Drops)),
        ("faulty-doubles", Self::Faulty(Fault::Doubles)),
        ("faulty-swaps", Self::Faulty(Fault::Swaps)),
        ("faulty-corrupts", Self::Faulty(Fault::Corrupts)),
    ];

    /// The yardstick of this name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, yardstick)| *yardstick)
    }

    fn name(self) -> &'static str {
        let known = Self::ALL.iter().find(|(_, yardstick)| *yardstick == self);
        known.map_or("unnamed", |(name, _)| name)
    }

    /// Serves until it is killed, or until its parent ends.
    ///
    /// # Errors
    /// When a system call fails that the server needs.
    pub(crate) fn serve(self) -> Result<(), String> {
        set_pdeathsig(Signal::SIGKILL).map_err(|error| error.to_string())?;
        match self {
            Self::FloorFrame => floor::serve(floor::WriteMode::Frame),
            Self::FloorBatch => floor::serve(floor::WriteMode::Batch),
            Self::Faulty(fault) => floor::serve(floor::WriteMode::Faulty(fault)),
            Self::Plain => plain::serve(),
        }
    }
}

impl Server {
    fn new(name: &str, program: Program) -> Self {
        Self { name: name.to_owned(), program, padded: false }
    }

    pub(crate) fn room(name: &str, room: Room) -> Self {
        Self::new(name, Program::Room(room))
    }

    /// A session of chattrace.
    pub(crate) fn session(name: &str, session: Session) -> Self {
        Self::new(name, Program::Session(session))
    }

    /// Whether so many participants fit in.
    pub(crate) fn holds(&self, participants: usize) -> bool {
        match &self.program {
            Program::Session(session) => participants <= session.participants,
            Program::Room(_) | Program::Yardstick(_) | Program::External(_) => true,
        }
    }

    /// A yardstick of this benchmark.
    pub(crate) fn yardstick(yardstick: Yardstick) -> Self {
        Self::new(yardstick.name(), Program::Yardstick(yardstick))
    }

    /// The same server with padded messages, as large as the room's events.
    pub(crate) fn with_padding(self) -> Self {
        Self { name: format!("{}, as much", self.name), padded: true, ..self }
    }

    /// A program that the user of this benchmark names.
    pub(crate) fn external(name: &str, program: PathBuf) -> Self {
        Self::new(name, Program::External(program))
    }

    /// Whether it is chattrace, whose failures make the benchmark fail.
    pub(crate) fn is_chattrace(&self) -> bool {
        matches!(self.program, Program::Room(_) | Program::Session(_))
    }

    /// Starts the server on the core of the servers.
    ///
    /// # Errors
    /// When it does not print its address.
    pub(crate) fn start(&self, cores: Cores) -> Result<ServerProcess, String> {
        let temp_dir = TempDir::new()?;
        let mut command = match &self.program {
            Program::Room(room) => room.command(&temp_dir)?,
            Program::Session(session) => session::command(session, &temp_dir)?,
            Program::Yardstick(yardstick) => {
                let own = std::env::current_exe().map_err(|error| error.to_string())?;
                let mut command = Command::new(own);
                command.args([OsString::from("--yardstick"), yardstick.name().into()]);
                command
            }
            Program::External(program) => Command::new(program),
        };
        // The settings of this machine's operator would change what is measured.
        for (variable, _) in std::env::vars_os() {
            if variable.as_encoded_bytes().starts_with(b"CHATTRACE_") {
                command.env_remove(variable);
            }
        }
        let mut process = ServerProcess::start(&self.name, command, cores, temp_dir)?;
        if self.padded {
            process.target.protocol = Protocol::PaddedRelay;
        }
        Ok(process)
    }
}
