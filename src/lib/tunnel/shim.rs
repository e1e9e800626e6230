//! What cloudflared is before it is cloudflared: `chattrace-tunnel exec PPID CONFINE ORIGIN PROGRAM
//! ARGUMENTS…` ties itself to the process PPID, gives up what cloudflared was not seen to need, and
//! becomes PROGRAM. ORIGIN is `-` when there is none.

use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;

use clap::ValueEnum as _;

use super::origin::Origin;
use super::output::{NOT_RUN, UNCONFINED};
use crate::config::Confine;
use crate::exit::Exit;
use crate::process::{self, Cage, Missing};
use crate::terminal;

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
    for what in unconfined(&order.cage) {
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

/// Gives up what can be given up, and says what cannot. The filter last: Landlock needs calls that
/// it forbids.
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
    if let Err(error) = process::forbid_processes() {
        possible.push(format!(
            "may start processes of its own here ({error}); those are ended with the session, \
             unless they hide"
        ));
    }
    possible
}

impl Order {
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
        let read = ["HOME", "SSL_CERT_FILE"].map(OsStr::new);
        let read = read.into_iter().filter_map(std::env::var_os).map(PathBuf::from).collect();
        let cage = Cage { program, read, origin };
        Some(Self { parent, confine, cage, arguments: words.collect() })
    }
}
