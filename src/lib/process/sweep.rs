//! What is left of a session among our own children, orphans that the kernel gave us included.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::paths::SESSION_MARK;

/// Kills those of our children that carry the mark of `session`, and names them. Programs that the
/// operator had us open carry none and are left alone. A child that has ended carries nothing.
///
/// A child's number is not given to anybody else before we reap it, so none of these is a stranger.
pub(crate) fn end_marked_children(session: &str) -> Vec<i32> {
    let mark = format!("{SESSION_MARK}={session}");
    let marked: Vec<i32> = children().into_iter().filter(|pid| carries(*pid, &mark)).collect();
    for pid in &marked {
        let _ = kill(Pid::from_raw(*pid), Signal::SIGKILL);
    }
    marked
}

/// Our children, by every thread of ours; proc(5), `/proc/pid/task/tid/children`. Empty on a kernel
/// that does not tell.
fn children() -> Vec<i32> {
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else {
        return Vec::new();
    };
    let lists = threads
        .flatten()
        .filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
    lists
        .flat_map(|list| {
            list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>()
        })
        .collect()
}

fn carries(pid: i32, mark: &str) -> bool {
    let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    environment.split(|byte| *byte == 0).any(|entry| entry == mark.as_bytes())
}
