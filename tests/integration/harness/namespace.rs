//! Programs in namespaces of their own (namespaces(7)). An ordinary user is root there, by a user namespace
//! around them.

use std::process::Command;

use super::under;

fn is_root() -> bool {
    nix::unistd::Uid::effective().is_root()
}

/// `command` in new namespaces: `kinds` are options of unshare(1), such as `--mount`.
pub(crate) fn in_namespace(kinds: &[&str], command: &Command) -> Command {
    let mut unshare = Command::new("unshare");
    unshare.args(kinds).args((!is_root()).then_some("--map-root-user"));
    under(unshare, command)
}

/// A program that runs the one named after it in namespaces of the process `pid`, which
/// [`in_namespace`] has made: `kinds` are options of nsenter(1).
pub(crate) fn joining(kinds: &[&str], pid: u32) -> Command {
    let mut nsenter = Command::new("nsenter");
    if !is_root() {
        nsenter.args(["--user", "--preserve-credentials"]);
    }
    nsenter.args(kinds).arg(format!("--target={pid}"));
    nsenter
}
