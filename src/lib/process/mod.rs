//! Processes: started so that they cannot outlive us, ended as a group, reaped by their number.
//! Nothing here is ever ended by name.

mod confine;
mod inheritance;
mod listener;
mod parent;
mod session_process;
mod signals;
mod spawn;
mod stream;

pub(crate) use confine::{
    Cage, Confinement, Means, Missing, Trial, cage, close_calls, close_files, drop_privileges,
    forbid_processes, leave_root, may_read, only_read, trials,
};
pub(crate) use inheritance::close_inherited;
pub(crate) use listener::{
    ListenError, RECEIVE_BUFFER, SEND_BUFFER, handed_listener, listen, raise_file_limit,
};
pub(crate) use parent::{
    TieError, die_with_parent, harden, outlive_parent, own_pid, own_user, tie_to_parent,
};
pub(crate) use session_process::SessionProcess;
pub(crate) use signals::{EndCause, EndSignal, EndSignals, STOP_KEY};
pub(crate) use spawn::{
    ExitReason, ServiceProcess, SpawnError, become_subreaper, program_path, reap_orphans,
    terminate, tied_command,
};
pub(crate) use stream::{end_of_stream, recv, send};
