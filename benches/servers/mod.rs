//! What is measured: the room of chattrace, and yardsticks that relay every message to everybody.

mod floor;
mod plain;
mod room;
mod running;
mod session;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;

use crate::load::Dialect;
use crate::machine::Cores;

pub(crate) use floor::Lie;
pub(crate) use room::{Pace, Room};
pub(crate) use running::{Running, Scratch};

/// A server that can be started.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    /// As it stands in the tables.
    pub(crate) name: String,
    program: Program,
    /// It relays as many bytes as the room, not as few as it can.
    as_much: bool,
}

#[derive(Clone, Debug)]
enum Program {
    Room(Room),
    /// A whole session, for so many.
    Session(PathBuf, usize),
    /// This very program, in another role.
    Own(Role),
    /// One that prints its port, and relays what comes to `/ws`.
    Beside(PathBuf),
}

/// A yardstick of our own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The least that relaying can cost with a write for each message.
    FloorFrame,
    /// The least that it can cost at all, through sockets.
    FloorBatch,
    /// The same, with one mistake.
    Liar(Lie),
    /// What most people would write.
    Plain,
}

impl Role {
    const ALL: [(&'static str, Self); 7] = [
        ("floor-frame", Self::FloorFrame),
        ("floor-batch", Self::FloorBatch),
        ("plain", Self::Plain),
        ("liar-drops", Self::Liar(Lie::Drops)),
        ("liar-doubles", Self::Liar(Lie::Doubles)),
        ("liar-swaps", Self::Liar(Lie::Swaps)),
        ("liar-corrupts", Self::Liar(Lie::Corrupts)),
    ];

    /// The role of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, role)| *role)
    }

    fn name(self) -> &'static str {
        let known = Self::ALL.iter().find(|(_, role)| *role == self);
        known.map_or("unnamed", |(name, _)| name)
    }

    /// Serves until it is killed, or until its parent ends.
    ///
    /// # Errors
    /// When the system refuses something basic.
    pub(crate) fn play(self) -> Result<(), String> {
        set_pdeathsig(Signal::SIGKILL).map_err(|error| error.to_string())?;
        match self {
            Self::FloorFrame => floor::serve(floor::Style::Frame),
            Self::FloorBatch => floor::serve(floor::Style::Batch),
            Self::Liar(lie) => floor::serve(floor::Style::Liar(lie)),
            Self::Plain => plain::serve(),
        }
    }
}

impl Server {
    fn new(name: &str, program: Program) -> Self {
        Self { name: name.to_owned(), program, as_much: false }
    }

    /// The room of chattrace.
    pub(crate) fn room(name: &str, room: Room) -> Self {
        Self::new(name, Program::Room(room))
    }

    /// A whole session of chattrace, for so many.
    pub(crate) fn session(name: &str, program: PathBuf, participants: usize) -> Self {
        Self::new(name, Program::Session(program, participants))
    }

    /// A yardstick of our own.
    pub(crate) fn own(role: Role) -> Self {
        Self::new(role.name(), Program::Own(role))
    }

    /// The same server, with as many bytes to relay as the room has.
    pub(crate) fn with_as_much(self) -> Self {
        Self { name: format!("{}, as much", self.name), as_much: true, ..self }
    }

    /// A program from elsewhere.
    pub(crate) fn beside(name: &str, program: PathBuf) -> Self {
        Self::new(name, Program::Beside(program))
    }

    /// Whether it is what this is all about, and must not fail.
    pub(crate) fn is_room(&self) -> bool {
        matches!(self.program, Program::Room(_) | Program::Session(..))
    }

    /// Starts it, on the core of the servers.
    ///
    /// # Errors
    /// When it does not say where it listens.
    pub(crate) fn start(&self, cores: Cores) -> Result<Running, String> {
        let scratch = Scratch::new()?;
        let mut command = match &self.program {
            Program::Room(room) => room.command(&scratch)?,
            Program::Session(program, size) => session::command(program, *size, &scratch)?,
            Program::Own(role) => {
                let own = std::env::current_exe().map_err(|error| error.to_string())?;
                let mut command = Command::new(own);
                command.args([OsString::from("--play"), role.name().into()]);
                command
            }
            Program::Beside(program) => Command::new(program),
        };
        // What the operator of this machine has set is not meant for what is measured.
        for (variable, _) in std::env::vars_os() {
            if variable.as_encoded_bytes().starts_with(b"CHATTRACE_") {
                command.env_remove(variable);
            }
        }
        let mut running = Running::start(&self.name, command, cores, scratch)?;
        if self.as_much {
            running.target.dialect = Dialect::RelayAsMuch;
        }
        Ok(running)
    }
}
