//! Programs in namespaces of their own (namespaces(7)). An ordinary user is root there, by a user namespace
//! around them.

use std::process::{Command, Stdio};
use std::sync::LazyLock;

use super::{in_shell, under};

/// `"$0" "$@"`, once `/dev/shm` is empty.
const WITH_EMPTY_SHM: &str = "mount -t tmpfs none /dev/shm && exec \"$0\" \"$@\"";

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

/// `command` with a `/dev/shm` of its own: sessions of the same user, whose runtime folders may lie in that of
/// the machine, are not seen. As it is where no namespace can be made.
pub(crate) fn with_own_shm(command: Command) -> Command {
    static CAN_BE_MADE: LazyLock<bool> = LazyLock::new(|| {
        let mut probe = Command::new("true");
        probe.env("PATH", std::env::var_os("PATH").unwrap_or_default()).current_dir("/");
        let mut probe = in_namespace(&["--mount"], &in_shell(&probe, WITH_EMPTY_SHM));
        probe.stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    });
    if *CAN_BE_MADE {
        in_namespace(&["--mount"], &in_shell(&command, WITH_EMPTY_SHM))
    } else {
        command
    }
}
