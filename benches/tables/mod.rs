//! The tables, each a file.

mod crowd;
mod disturbed;
mod latency;
mod memory;
mod price;
mod saturation;
mod self_test;
mod start;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::load::Window;
use crate::machine::{self, Cores};
use crate::options::{Options, TableName};
use crate::report::{self, Table};
use crate::servers::{Role, Room, Server};

/// As many as a room can take.
const MANY: usize = 10_000;

/// Descriptors that ten thousand connections need beside them.
const SPARE_FILES: u64 = 64;

/// What is measured, how, and where.
#[derive(Debug)]
pub(crate) struct Bench {
    options: Options,
    cores: Cores,
    /// Open files that a process may have.
    files: u64,
    /// `chattrace-serve`, and the folder in which the others are.
    serve: PathBuf,
    /// KiB of servers with so many idle participants, and the seconds until these were in, as far as
    /// they were seen.
    resident: BTreeMap<(String, usize), (u64, f64)>,
    /// Whether everything about the room was right so far.
    is_right: bool,
}

/// Measures one table and shows it.
type Show = fn(&mut Bench);

impl Bench {
    /// Looks around, and takes its cores.
    ///
    /// # Errors
    /// When there is nothing to measure.
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
            return Err(format!("{} is not there; cargo build --release", serve.display()));
        }
        let files = machine::raise_file_limit();
        Ok(Self {
            options,
            cores: Cores::take()?,
            files,
            serve,
            resident: BTreeMap::new(),
            is_right: true,
        })
    }

    /// Shows what is asked for; whether all was right.
    ///
    /// # Errors
    /// When the machine refuses something basic.
    pub(crate) fn run(mut self) -> Result<bool, String> {
        let cores = if self.cores.are_one() {
            "ONE CORE FOR BOTH, which says little"
        } else {
            "servers on one core, the load on another"
        };
        let machine = machine::description();
        report::say(&format!("{machine}; {cores}; messages of 100 bytes\n"));
        if self.options.self_test || self.options.quick {
            self.self_test();
        }
        let tables: [(TableName, Show); 7] = [
            (TableName::Saturation, Self::saturation),
            (TableName::Latency, Self::latency),
            (TableName::Memory, Self::memory),
            (TableName::Crowd, Self::crowd),
            (TableName::Start, Self::start),
            (TableName::Price, Self::price),
            (TableName::Disturbed, Self::disturbed),
        ];
        for (name, show) in tables {
            if self.shows(name) {
                show(&mut self);
            }
        }
        Ok(self.is_right)
    }

    fn shows(&self, table: TableName) -> bool {
        let asked = &self.options.tables;
        if asked.is_empty() { !self.options.self_test } else { asked.contains(&table) }
    }

    /// The room, as shipped but without a rate limit, and all yardsticks.
    fn servers(&self) -> Vec<Server> {
        let mut servers = vec![
            Server::room("chattrace", Room::of(self.serve.clone())),
            Server::own(Role::FloorBatch),
            Server::own(Role::FloorFrame),
            Server::own(Role::Plain),
        ];
        let beside = self.options.beside.iter();
        servers.extend(beside.map(|(name, program)| Server::beside(name, program.clone())));
        servers
    }

    fn rounds(&self) -> usize {
        if self.options.quick { 1 } else { self.options.rounds.max(1) }
    }

    /// These numbers of participants, as far as they can be had.
    fn sizes(&self, sizes: &[usize], table: &mut Table) -> Vec<usize> {
        let (quick, only) = (self.options.quick, &self.options.receivers);
        let wanted = sizes.iter().copied().filter(|size| !quick || *size <= 200);
        let wanted = wanted.filter(|size| only.is_empty() || only.contains(size));
        let (some, too_many): (Vec<usize>, Vec<usize>) =
            wanted.partition(|size| *size as u64 + SPARE_FILES <= self.files);
        for size in too_many {
            let files = self.files;
            table.note(format!("{size} are left out: a process may have {files} open files here"));
        }
        some
    }

    fn window(&self, receivers: usize) -> Window {
        let (warm, counted) = match (self.options.quick, receivers) {
            (true, _) => (50, 150),
            (false, MANY..) => (500, 1_500),
            (false, _) => (150, 600),
        };
        Window { warm: Duration::from_millis(warm), counted: Duration::from_millis(counted) }
    }

    /// A program that was built beside the room.
    fn beside(&self, name: &str) -> PathBuf {
        self.serve.parent().unwrap_or(Path::new(".")).join(name)
    }

    /// Notes that something went wrong. Of a yardstick that says something about it; of the room it
    /// is a failure of the whole.
    fn failed(&mut self, server: &Server, what: &str, why: &str, table: &mut Table) {
        let sentence = format!("{}, {what}: {why}", server.name);
        report::progress(&sentence);
        table.note(sentence);
        self.is_right &= !server.is_room();
    }
}
