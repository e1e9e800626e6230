//! Nothing is kept: these tests search memory and disks for canaries (messages, names, secrets),
//! byte by byte. Our processes are not dumpable, so the search of memory needs a capability (ptrace(2)).
//! Each test also shows that its search finds a canary that is there.

mod at_exit;
pub(crate) mod canaries;
mod clean_all;
mod conversation;
mod disk;
mod encodings;
mod forgotten;
mod orders;
mod process_memory;
mod processes;
mod sealed;
mod secrets;
mod syscalls;
mod typed;
