//! Programs in namespaces of their own (namespaces(7)). An ordinary user is root there, by a user namespace
//! around them.

use std::process::Command;

use super::{Program, Stream, in_shell, under};

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

/// Namespaces with a `/dev/shm` of their own, until this is dropped: programs in them do not see sessions
/// of the same user, whose runtime folders may lie in that of the machine. Those that shall read each
/// other's `/proc/PID/environ` must share one (ptrace(2): of an ordinary user, they are in a user namespace).
pub(crate) struct OwnShm(Option<Program>);

impl OwnShm {
    /// Where no namespace can be made, programs run as they would without it.
    pub(crate) fn new() -> Self {
        let mut holder = Command::new("cat");
        holder.env("PATH", std::env::var_os("PATH").unwrap_or_default()).current_dir("/");
        let holder =
            in_shell(&holder, "mount -t tmpfs none /dev/shm && echo mounted && exec \"$0\"");
        let mut holder = Program::start(in_namespace(&["--mount"], &holder));
        let is_mounted = holder.line_or_eof(Stream::Stdout, |_| true).is_some();
        Self(is_mounted.then_some(holder))
    }

    /// `command` in the namespaces.
    pub(crate) fn within(&self, command: Command) -> Command {
        let Some(holder) = &self.0 else { return command };
        let folder = command.get_current_dir().unwrap().display().to_string();
        under(joining(&["--mount", &format!("--wd={folder}")], holder.pid()), &command)
    }
}
