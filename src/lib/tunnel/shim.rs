//! What cloudflared is before it is cloudflared: `chattrace-tunnel exec PPID CONFINE ORIGIN PROGRAM
//! ARGUMENTS…` ties itself to the process PPID, gives up what cloudflared was not seen to need, root's
//! rights among it, and becomes PROGRAM. ORIGIN is `-` when there is none.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::ValueEnum as _;

use super::origin::Origin;
use super::output::{NOT_RUN, UNCONFINED};
use crate::config::Confine;
use crate::exit::Exit;
use crate::process::{self, Cage, Missing};
use crate::terminal::{self, harmless};

/// The variable that names the certificates of a network that opens TLS.
const CERTIFICATES: &str = "SSL_CERT_FILE";

/// What the command line says.
struct Order {
    parent: u32,
    confine: Confine,
    cage: Cage,
    arguments: Vec<OsString>,
}

/// The words after `exec` that make a command for `program`.
pub(super) fn words(confine: Confine, origin: Option<&Origin>) -> [String; 2] {
    let confine =
        confine.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
    [confine, origin.map_or_else(|| "-".to_owned(), Origin::bare)]
}

/// Becomes the program. Without the kernel's help in confining it, that is said and goes on, or not,
/// as the operator wished.
pub(super) fn main(words: impl Iterator<Item = OsString>) -> Exit {
    let Some(order) = Order::read(words) else {
        return Exit::Usage;
    };
    if process::die_with_parent(order.parent).is_err() {
        return Exit::Failed;
    }
    let script = is_script(&order.cage.program);
    let user = process::own_user();
    let possible = unconfined(&order.cage);
    // Another user number has taken the death signal.
    if process::die_with_parent(order.parent).is_err() {
        return Exit::Failed;
    }
    let changed = process::own_user() != user;
    if let Some(path) = order.unread(script).filter(|_| changed) {
        terminal::say(&format!(
            "{NOT_RUN}it runs as a user of its own, not as root, who may not read {}; let others \
             read that file and enter its folders",
            harmless(&path.to_string_lossy())
        ));
        return Exit::Unavailable;
    }
    let possible = possible.into_iter().chain(unfiltered());
    for what in possible {
        match order.confine {
            Confine::WherePossible => terminal::say(&format!("{UNCONFINED}{what}")),
            Confine::Required => {
                terminal::say(&format!("{NOT_RUN}confinement was required, and it {what}"));
                return Exit::Unavailable;
            }
        };
    }
    let error = Command::new(&order.cage.program).args(order.arguments).exec();
    terminal::say(&format!("{NOT_RUN}{error}"));
    Exit::Unavailable
}

/// Gives up files, ports and root's rights, as far as that is possible, and says what is not. Files
/// first: root may name those that others cannot see.
fn unconfined(cage: &Cage) -> Vec<String> {
    let mut possible = Vec::new();
    if let Some(missing) = process::cage(cage) {
        let what = match missing {
            Missing::Ports => "may connect to any port here",
            Missing::Landlock { .. }
            | Missing::Filter { .. }
            | Missing::Privileges { .. }
            | Missing::Breach { .. } => "may read and write your files here",
        };
        possible.push(format!("{what}: {missing}"));
    }
    if let Err(error) = process::leave_root() {
        possible.push(format!("keeps root's user number: {error}"));
    }
    possible
}

/// Gives up all system calls but those of the lists. Last: what comes before needs others.
fn unfiltered() -> Option<String> {
    let error = process::forbid_processes(process::own_pid()).err()?;
    Some(format!(
        "may start processes of its own here ({error}); those are ended with the session, unless \
         they hide"
    ))
}

/// Whether the kernel would start an interpreter for it, which then opens it by its path.
fn is_script(program: &Path) -> bool {
    let mut begin = [0; 2];
    let mut read = || File::open(program)?.read_exact(&mut begin);
    program.is_file() && read().is_ok() && begin == *b"#!"
}

impl Order {
    /// A file that the program needs, and that only root may read.
    fn unread(&self, script: bool) -> Option<PathBuf> {
        let script = script.then(|| self.cage.program.clone());
        let certificates = std::env::var_os(CERTIFICATES).map(PathBuf::from);
        let needed = script.into_iter().chain(certificates);
        needed.filter(|path| path.is_file()).find(|path| !process::may_read(path))
    }

    fn read(mut words: impl Iterator<Item = OsString>) -> Option<Self> {
        let parent = words.next()?.to_str()?.parse().ok()?;
        let confine = Confine::from_str(words.next()?.to_str()?, false).ok()?;
        let origin = words.next()?;
        let origin = match origin.to_str()? {
            "-" => None,
            origin => Some(Origin::parse(origin).ok()?.port()),
        };
        let program = PathBuf::from(words.next()?);
        // Its home, which is empty, and the certificates of a network that opens TLS.
        let read = ["HOME", CERTIFICATES].map(OsStr::new);
        let read = read.into_iter().filter_map(std::env::var_os).map(PathBuf::from).collect();
        let cage = Cage { program, read, origin };
        Some(Self { parent, confine, cage, arguments: words.collect() })
    }
}
