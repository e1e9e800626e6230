//! `chattrace-tunnel exec PPID CONFINEMENT ORIGIN PROGRAM ARGUMENTS…`: ties itself to the life of the
//! process PPID, gives up every right that cloudflared does not use, root's among them, and replaces
//! itself with PROGRAM (chain loading, as in s6). ORIGIN is `-` when there is none.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;

use clap::ValueEnum as _;

use super::attempt::{EXEC_FAILED_PREFIX, ProgramFormat, UNCONFINED_PREFIX};
use super::origin::Origin;
use super::program_file;
use crate::config::ConfinementPolicy;
use crate::exit::Exit;
use crate::paths;
use crate::process::{self, CloudflaredPolicy, MissingLayer};
use crate::terminal::{self, escape_control, io_reason};

struct ExecArgs {
    parent: u32,
    confinement: ConfinementPolicy,
    policy: CloudflaredPolicy,
    arguments: Vec<OsString>,
}

/// The arguments CONFINEMENT and ORIGIN. The caller appends PROGRAM and ARGUMENTS.
pub(super) fn args(confinement: ConfinementPolicy, origin: Option<&Origin>) -> [String; 2] {
    let value = confinement.to_possible_value();
    let confinement = value.map_or_else(String::new, |value| value.get_name().to_owned());
    [confinement, origin.map_or_else(|| "-".to_owned(), Origin::url)]
}

/// Confines this process and replaces it with PROGRAM; returns only when that fails. Every layer that
/// the kernel lacks is printed, and is a failure only if confinement is required.
pub(super) fn main(args: impl Iterator<Item = OsString>) -> Exit {
    let Some(args) = ExecArgs::parse(args) else {
        return Exit::Usage;
    };
    if process::die_with_parent(args.parent).is_err() {
        return Exit::Failed;
    }
    // Read before the change of user: root can still open the file.
    let format = match program_file::check(&args.policy.program) {
        Ok(format) => format,
        Err(why) => {
            let why = format!("{why}; name another one with --cloudflared");
            terminal::eprint_line(&format!("{EXEC_FAILED_PREFIX}{why}"));
            return Exit::Unavailable;
        }
    };
    let user = process::own_uid();
    let mut unconfined = confine(&args.policy);
    // The change of the user id has cleared the death signal (prctl(2)).
    if process::die_with_parent(args.parent).is_err() {
        return Exit::Failed;
    }
    let changed_user = process::own_uid() != user;
    if let Some(why) = args.why_unreadable(format).filter(|_| changed_user) {
        terminal::eprint_line(&format!("{EXEC_FAILED_PREFIX}{why}"));
        return Exit::Unavailable;
    }
    unconfined.extend(filter_system_calls());
    for what in unconfined {
        match args.confinement {
            ConfinementPolicy::WherePossible => {
                terminal::eprint_line(&format!("{UNCONFINED_PREFIX}{what}"))
            }
            ConfinementPolicy::Required => {
                terminal::eprint_line(&format!(
                    "{EXEC_FAILED_PREFIX}confinement was required, and it {what}; use a newer kernel, \
                     or leave out --require-confinement"
                ));
                return Exit::Unavailable;
            }
        };
    }
    process::unblock_all();
    let error = Command::new(&args.policy.program).args(args.arguments).exec();
    terminal::eprint_line(&format!("{EXEC_FAILED_PREFIX}{}", exec_reason(&error, format)));
    Exit::Unavailable
}

/// Gives up files, ports and root's rights. Returns what the kernel could not take away. Files come
/// first: root may open paths for the rules that the later user cannot see.
fn confine(policy: &CloudflaredPolicy) -> Vec<String> {
    let mut unconfined = Vec::new();
    if let Some(missing) = process::restrict_cloudflared(policy) {
        let what = match missing {
            MissingLayer::Ports => "may connect to any port here",
            MissingLayer::Landlock { .. }
            | MissingLayer::Filter { .. }
            | MissingLayer::Privileges { .. }
            | MissingLayer::Breach { .. } => "may read and write your files here",
        };
        unconfined.push(format!("{what}: {missing}"));
    }
    if let Err(error) = process::drop_root() {
        unconfined.push(format!("keeps root's user number: {error}"));
    }
    unconfined
}

/// Gives up all system calls but those of cloudflared. Comes last: the steps before it use others.
fn filter_system_calls() -> Option<String> {
    let error = process::restrict_cloudflared_syscalls(process::own_pid()).err()?;
    Some(format!(
        "may start processes of its own here ({error}); those are ended with the session, unless \
         they hide"
    ))
}

/// Why the kernel does not run a program that [`program_file::check`] has let pass; with the next step.
fn exec_reason(error: &std::io::Error, format: ProgramFormat) -> String {
    match (error.kind(), format) {
        (ErrorKind::NotFound | ErrorKind::PermissionDenied, ProgramFormat::Script) => {
            "its interpreter is missing, or in a folder of a user; name one in /usr in its first line"
                .to_owned()
        }
        (ErrorKind::NotFound, ProgramFormat::Binary) => {
            "its loader is missing; use a cloudflared that is made for this system".to_owned()
        }
        (ErrorKind::PermissionDenied, ProgramFormat::Binary) => {
            "permission denied; put it in /usr or /opt, where every user may run it".to_owned()
        }
        _ => format!("{}; try again, or name another one with --cloudflared", io_reason(error)),
    }
}

/// The files and folders with the certificates of a network that intercepts TLS.
fn certificates() -> Vec<PathBuf> {
    let values = paths::CERTIFICATE_VARIABLES.into_iter().filter_map(std::env::var_os);
    // Only the second is a list; a file with a colon in its name is then not readable here.
    let paths = values.flat_map(|value| std::env::split_paths(&value).collect::<Vec<_>>());
    paths.filter(|path| !path.as_os_str().is_empty()).collect()
}

impl ExecArgs {
    fn parse(mut args: impl Iterator<Item = OsString>) -> Option<Self> {
        let parent = args.next()?.to_str()?.parse().ok()?;
        let confinement = ConfinementPolicy::from_str(args.next()?.to_str()?, false).ok()?;
        let origin = args.next()?;
        let origin = match origin.to_str()? {
            "-" => None,
            origin => Some(Origin::parse(origin).ok()?.port()),
        };
        let program = PathBuf::from(args.next()?);
        let read = std::env::var_os("HOME").map(PathBuf::from).into_iter();
        let read = read.chain(certificates()).collect();
        let policy = CloudflaredPolicy { program, read, origin };
        Some(Self { parent, confinement, policy, arguments: args.collect() })
    }

    /// Why the program cannot run as the unprivileged user that replaced root; `None` if it can.
    fn why_unreadable(&self, format: ProgramFormat) -> Option<String> {
        let program = match format {
            ProgramFormat::Script => Some(self.policy.program.clone()),
            ProgramFormat::Binary => None,
        };
        let mut needed = program.into_iter().chain(certificates()).filter(|path| path.is_file());
        let path = needed.find(|path| !process::can_read_unprivileged(path))?;
        Some(format!(
            "root runs it as a user of its own, who may not read {}; let other users read it",
            escape_control(&path.to_string_lossy())
        ))
    }
}
