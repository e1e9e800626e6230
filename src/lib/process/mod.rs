//! Processes: spawned so that they cannot outlive their parent, killed as a group, reaped by pid. No
//! process is ever found or killed by its name.

mod confine;
mod inheritance;
mod inherited_fds;
mod listener;
mod local_socket;
mod parent;
mod pidfd;
mod reachable;
mod required_calls;
mod session_process;
mod signals;
mod spawn;
mod stream;

pub(crate) use confine::{
    CloudflaredPolicy, Confinement, IncompleteConfinement, MissingLayer, ProbeResult, SelfTest,
    can_read_unprivileged, drop_privileges, drop_root, restrict_cloudflared,
    restrict_cloudflared_syscalls, restrict_files, restrict_syscalls, restrict_writes,
};
pub(crate) use inheritance::{EXEC_COMMAND, GUARD_OPTION, reset_inheritance, unblock_all};
pub(crate) use listener::{
    ListenError, RECEIVE_BUFFER_BYTES, SEND_BUFFER_BYTES, inherited_listener, listen,
    raise_file_limit,
};
pub(crate) use local_socket::connect_local;
pub(crate) use parent::{
    ParentError, become_guard, become_service, die_with_parent, harden, own_pid, own_uid,
};
pub(crate) use pidfd::can_signal as can_signal_by_pidfd;
pub(crate) use reachable::{Reachable, ReachableBy};
pub(crate) use required_calls::{
    RequiredCallError, require_cleaning_calls, require_service_calls, require_threads,
    require_tunnel_calls,
};
pub(crate) use session_process::SessionProcess;
pub(crate) use signals::{SUSPEND_SIGNAL, ShutdownCause, TerminationSignal, TerminationSignals};
pub(crate) use spawn::{
    ExitReason, ServiceProcess, SpawnError, become_subreaper, reap_orphans, shim_command,
    sibling_path, terminate,
};
pub(crate) use stream::{recv, send, shutdown_write};
