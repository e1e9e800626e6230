//! What cloudflared is before it is cloudflared: `chattrace-tunnel exec PPID CONFINE ORIGIN PROGRAM
//! ARGUMENTS…` ties itself to the process PPID, gives up what cloudflared was not seen to need, root's
//! rights among it, and becomes PROGRAM. ORIGIN is `-` when there is none.

use std::ffi::{OsStr, OsString};
use std::io::Read as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::ValueEnum as _;

use super::install::MOST_FILE_BYTES;
use super::origin::Origin;
use super::output::{NOT_RUN, UNCONFINED};
use crate::config::ConfinementPolicy;
use crate::exit::Exit;
use crate::paths::{self, Access, Owner};
use crate::process::{self, CloudflaredPolicy, MissingLayer};
use crate::terminal::{self, escape_control};

/// The variable that names the certificates of a network that opens TLS.
const CERTIFICATES: &str = "SSL_CERT_FILE";

/// What the command line says.
struct Order {
    parent: u32,
    confine: ConfinementPolicy,
    policy: CloudflaredPolicy,
    arguments: Vec<OsString>,
}

/// The words after `exec` that make a command for `program`.
pub(super) fn words(confine: ConfinementPolicy, origin: Option<&Origin>) -> [String; 2] {
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
    let kind = Kind::of(&order.policy.program);
    let user = process::own_uid();
    let possible = unconfined(&order.policy);
    // Another user number has taken the death signal.
    if process::die_with_parent(order.parent).is_err() {
        return Exit::Failed;
    }
    let changed = process::own_uid() != user;
    if let Some(why) = order.out_of_reach(kind).filter(|_| changed) {
        terminal::eprint_line(&format!("{NOT_RUN}{why}"));
        return Exit::Unavailable;
    }
    let possible = possible.into_iter().chain(unfiltered());
    for what in possible {
        match order.confine {
            ConfinementPolicy::WherePossible => {
                terminal::eprint_line(&format!("{UNCONFINED}{what}"))
            }
            ConfinementPolicy::Required => {
                terminal::eprint_line(&format!("{NOT_RUN}confinement was required, and it {what}"));
                return Exit::Unavailable;
            }
        };
    }
    let error = Command::new(&order.policy.program).args(order.arguments).exec();
    terminal::eprint_line(&format!("{NOT_RUN}{error}"));
    Exit::Unavailable
}

/// Gives up files, ports and root's rights, as far as that is possible, and says what is not. Files
/// first: root may name those that others cannot see.
fn unconfined(policy: &CloudflaredPolicy) -> Vec<String> {
    let mut possible = Vec::new();
    if let Some(missing) = process::restrict_cloudflared(policy) {
        let what = match missing {
            MissingLayer::Ports => "may connect to any port here",
            MissingLayer::Landlock { .. }
            | MissingLayer::Filter { .. }
            | MissingLayer::Privileges { .. }
            | MissingLayer::Breach { .. } => "may read and write your files here",
        };
        possible.push(format!("{what}: {missing}"));
    }
    if let Err(error) = process::drop_root() {
        possible.push(format!("keeps root's user number: {error}"));
    }
    possible
}

/// Gives up all system calls but those of the lists. Last: what comes before needs others.
fn unfiltered() -> Option<String> {
    let error = process::restrict_cloudflared_syscalls(process::own_pid()).err()?;
    Some(format!(
        "may start processes of its own here ({error}); those are ended with the session, unless \
         they hide"
    ))
}

/// What the kernel makes of a program's file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It loads it (elf(5)).
    Loaded,
    /// It starts an interpreter, which opens the file by its path.
    Script,
    /// Nothing. execvp(3) would hand it to a shell.
    Neither,
}

impl Kind {
    fn of(program: &Path) -> Self {
        let mut begin = [0; 7];
        let open = || paths::open_file(program, Owner::Anyone, Access::Read, MOST_FILE_BYTES);
        let mut read = || open()?.read_exact(&mut begin);
        // A file of fewer bytes is nothing.
        match (read().is_ok(), begin) {
            // Its class, the order of its bytes, and the version of its header.
            (true, [0x7f, b'E', b'L', b'F', 1 | 2, 1 | 2, 1]) => Kind::Loaded,
            (true, [b'#', b'!', ..]) => Kind::Script,
            (true | false, _) => Kind::Neither,
        }
    }
}

impl Order {
    /// What keeps the program from running as another user than root.
    fn out_of_reach(&self, kind: Kind) -> Option<String> {
        let program = match kind {
            Kind::Neither => return Some("it is no program".to_owned()),
            Kind::Script => Some(self.policy.program.clone()),
            Kind::Loaded => None,
        };
        let certificates = std::env::var_os(CERTIFICATES).map(PathBuf::from);
        let mut needed = program.into_iter().chain(certificates).filter(|path| path.is_file());
        let path = needed.find(|path| !process::can_read_unprivileged(path))?;
        Some(format!(
            "root runs it as a user of its own, who may not read {}",
            escape_control(&path.to_string_lossy())
        ))
    }

    fn read(mut words: impl Iterator<Item = OsString>) -> Option<Self> {
        let parent = words.next()?.to_str()?.parse().ok()?;
        let confine = ConfinementPolicy::from_str(words.next()?.to_str()?, false).ok()?;
        let origin = words.next()?;
        let origin = match origin.to_str()? {
            "-" => None,
            origin => Some(Origin::parse(origin).ok()?.port()),
        };
        let program = PathBuf::from(words.next()?);
        // Its home, which is empty, and the certificates of a network that opens TLS.
        let read = ["HOME", CERTIFICATES].map(OsStr::new);
        let read = read.into_iter().filter_map(std::env::var_os).map(PathBuf::from).collect();
        let policy = CloudflaredPolicy { program, read, origin };
        Some(Self { parent, confine, policy, arguments: words.collect() })
    }
}
