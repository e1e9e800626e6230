//! The tables, one file each.

mod circle;
mod crowd;
mod cryptography;
mod disturbed;
mod latency;
mod lobby;
mod memory;
mod operator;
mod order;
mod price;
mod saturation;
mod self_test;
mod start;
mod who;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::load::Phases;
use crate::machine::{self, Cores};
use crate::options::{Options, TableName};
use crate::report::{self, Table};
use crate::servers::{Mode, Room, Server, Session, Yardstick};

/// The maximum of participants that a room can be configured for.
const MAX_PARTICIPANTS: usize = 10_000;

/// The same, of a sealed room.
const MAX_SEALED_PARTICIPANTS: usize = 1_000;

/// Descriptors that a process needs in addition to those of its connections.
const SPARE_FILES: u64 = 64;

/// The benchmark: its options, its machine, and what it has measured.
#[derive(Debug)]
pub(crate) struct Bench {
    options: Options,
    cores: Cores,
    /// The limit on open files of a process.
    max_files: u64,
    /// The path of `chattrace-serve`; other programs are in its folder.
    serve: PathBuf,
    /// By server and number of idle participants: resident KiB, and the seconds of their joins.
    resident: BTreeMap<(String, usize), (u64, f64)>,
    /// Whether chattrace has not failed so far.
    passed: bool,
}

/// Measures one table and prints it.
type TableFn = fn(&mut Bench);

impl Bench {
    /// Finds the programs, and pins this process to its core.
    ///
    /// # Errors
    /// When `chattrace-serve` is missing, or a core cannot be used.
    pub(crate) fn new(options: Options) -> Result<Self, String> {
        let serve = match &options.serve {
            Some(serve) => serve.clone(),
            None => {
                let own = std::env::current_exe().map_err(|error| error.to_string())?;
                let folder = own.ancestors().nth(2).ok_or("this program is in no folder")?;
                folder.join("chattrace-serve")
            }
        };
        if !serve.is_file() {
            return Err(format!("{} is missing; run `cargo build --release`", serve.display()));
        }
        let max_files = machine::raise_file_limit();
        Ok(Self {
            options,
            cores: Cores::assign()?,
            max_files,
            serve,
            resident: BTreeMap::new(),
            passed: true,
        })
    }

    /// Prints the requested tables; false if chattrace failed in one of them.
    pub(crate) fn run(mut self) -> bool {
        let cores = if self.cores.are_shared() {
            "ONE CORE FOR SERVERS AND LOAD, so the figures mean little"
        } else {
            "servers on one core, the load on another"
        };
        let machine = machine::description();
        report::print(&format!("{machine}; {cores}; messages of 100 bytes\n"));
        if self.options.self_test || self.options.quick {
            self.self_test();
        }
        let tables: [(TableName, TableFn); 12] = [
            (TableName::Saturation, Self::saturation),
            (TableName::Latency, Self::latency),
            (TableName::Memory, Self::memory),
            (TableName::Crowd, Self::crowd),
            (TableName::Start, Self::start),
            (TableName::Price, Self::price),
            (TableName::Disturbed, Self::disturbed),
            (TableName::Circle, Self::circle),
            (TableName::Cryptography, Self::cryptography),
            (TableName::Operator, Self::operator),
            (TableName::Who, Self::who),
            (TableName::Lobby, Self::lobby),
        ];
        for (name, table) in tables {
            if self.is_requested(name) {
                table(&mut self);
            }
        }
        self.passed
    }

    fn is_requested(&self, table: TableName) -> bool {
        let requested = &self.options.tables;
        if requested.is_empty() { !self.options.self_test } else { requested.contains(&table) }
    }

    /// The room, with default settings but no rate limit, and all yardsticks.
    fn servers(&self) -> Vec<Server> {
        let mut servers = vec![
            Server::room("chattrace", Room::unlimited(self.serve.clone())),
            self.session("chattrace, sealed", Mode::Sealed, MAX_SEALED_PARTICIPANTS),
            Server::yardstick(Yardstick::FloorBatch),
            Server::yardstick(Yardstick::FloorFrame),
            Server::yardstick(Yardstick::Plain),
        ];
        let external = self.options.beside.iter();
        servers.extend(external.map(|(name, program)| Server::external(name, program.clone())));
        servers
    }

    /// A session of chattrace, without a rate limit.
    fn session(&self, name: &str, mode: Mode, participants: usize) -> Server {
        Server::session(name, Session { program: self.sibling("chattrace"), participants, mode })
    }

    fn rounds(&self) -> usize {
        if self.options.quick { 1 } else { self.options.rounds.max(1) }
    }

    /// Those of `sizes` that are requested and that the limit on open files allows.
    fn sizes(&self, sizes: &[usize], table: &mut Table) -> Vec<usize> {
        let (quick, only) = (self.options.quick, &self.options.receivers);
        let requested = sizes.iter().copied().filter(|size| !quick || *size <= 200);
        let requested = requested.filter(|size| only.is_empty() || only.contains(size));
        let (possible, too_many): (Vec<usize>, Vec<usize>) =
            requested.partition(|size| *size as u64 + SPARE_FILES <= self.max_files);
        for size in too_many {
            let max_files = self.max_files;
            table.note(format!("{size} are left out: the limit on open files is {max_files} here"));
        }
        possible
    }

    fn phases(&self, clients: usize) -> Phases {
        let (warm_up, measured) = match (self.options.quick, clients) {
            (true, _) => (50, 150),
            (false, MAX_PARTICIPANTS..) => (500, 1_500),
            (false, _) => (150, 600),
        };
        Phases {
            warm_up: Duration::from_millis(warm_up),
            measured: Duration::from_millis(measured),
        }
    }

    /// A program in the folder of `chattrace-serve`.
    fn sibling(&self, name: &str) -> PathBuf {
        self.serve.parent().unwrap_or(Path::new(".")).join(name)
    }

    /// Notes a failure below the table. A failure of chattrace makes the benchmark fail, a failure of
    /// a yardstick does not.
    fn record_failure(&mut self, server: &Server, what: &str, why: &str, table: &mut Table) {
        let sentence = format!("{}, {what}: {why}", server.name);
        report::progress(&sentence);
        table.note(sentence);
        self.passed &= !server.is_chattrace();
    }
}
