//! Nothing is kept: what was said is looked for wherever it could have stayed, byte by byte. Every
//! search shows first that it finds what is there.

mod disk;
mod end;
mod memory;
mod others;
mod process;
mod search;
mod secrets;
mod talk;
mod trace;
mod tree;

use std::io::Write as _;

/// Whether these tests may look into other processes; if not, says so. The memory of ours is closed
/// to their own user, and open to root alone.
fn root() -> bool {
    let root = nix::unistd::Uid::effective().is_root();
    if !root {
        let _ = writeln!(
            std::io::stderr(),
            "not looked at: only root may read the memory of other processes"
        );
    }
    root
}
