//! Nothing is kept: these tests search memory and disks for canaries (messages, names, secrets),
//! byte by byte. Each test also shows that its search finds a canary that is there.

mod at_exit;
mod canaries;
mod clean_all;
mod conversation;
mod disk;
mod forgotten;
mod process_memory;
mod processes;
mod secrets;
mod syscalls;

use std::io::Write as _;

/// Whether this test may read the memory of other processes; prints that it is skipped if not. Our
/// processes are not dumpable, so only root may.
fn may_read_memory() -> bool {
    let is_root = nix::unistd::Uid::effective().is_root();
    if !is_root {
        let skipped = "skipped: only root may read the memory of other processes";
        let _ = writeln!(std::io::stderr(), "{skipped}");
    }
    is_root
}
