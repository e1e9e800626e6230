//! The sandbox: what a process gives up for good before it meets the network. Three layers, because
//! each sees something that the others do not:
//!
//! | layer | takes away | since Linux |
//! |---|---|---|
//! | [`privileges`], [`dynamic_user`] | what root may do beyond other users | 2.6.25 |
//! | [`mod@landlock`] | files by path, ports, other processes' sockets | 5.13, 6.7, 6.12 |
//! | [`room_seccomp`], [`cloudflared_seccomp`] | system calls, hence new processes and connections | 3.17 |
//!
//! None of them needs a privilege, and none can be undone. Landlock and capabilities apply to the
//! calling thread and the threads that it starts, so they come before the runtime. The room's seccomp
//! filter applies to all threads and forbids what starting one needs, so it comes last.

mod cloudflared_seccomp;
mod dynamic_user;
mod landlock;
mod layers;
mod privileges;
mod room_seccomp;
mod seccomp;
mod self_test;

pub(crate) use self::landlock::{
    CloudflaredPolicy, restrict_cloudflared, restrict_files, restrict_writes,
};
pub(crate) use cloudflared_seccomp::restrict_cloudflared_syscalls;
pub(super) use dynamic_user::is_dynamic_user;
pub(crate) use dynamic_user::{can_read_unprivileged, drop_root};
pub(crate) use layers::{Confinement, IncompleteConfinement, MissingLayer};
pub(crate) use privileges::drop_privileges;
pub(crate) use room_seccomp::restrict_syscalls;
pub(super) use seccomp::hide_clone3;
pub(crate) use self_test::{ProbeResult, SelfTest};
