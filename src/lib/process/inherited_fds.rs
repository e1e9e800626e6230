//! Descriptors that a process did not open: those that the operator's shell, or the program that
//! exec'd us, left open. Each leads to a file, a socket or a terminal, past every confinement: Landlock
//! only checks what is opened, and a seccomp filter only sees numbers.

use std::ffi::OsStr;
use std::io;
use std::os::fd::RawFd;
use std::path::Path;

use nix::libc;
use nix::sys::resource::{Resource, getrlimit};
use nix::unistd::close;

use crate::paths::{self, Owner};

/// The standard streams are ours. In a service, standard input is the lifeline.
const LAST_STDIO_FD: RawFd = libc::STDERR_FILENO;

/// The kernel's lists of this process's descriptors, and of what each is (proc(5)).
const FD_DIR: &str = "/proc/self/fd";
const FDINFO_DIR: &str = "/proc/self/fdinfo";

/// Bound on one file of `fdinfo`. That of an epoll instance has 50 bytes for each of 20 000 sockets.
const MAX_FDINFO_BYTES: u64 = 4 * 1024 * 1024;

/// Without `/proc`, every number below this is closed, which takes 0.1 s. It is the kernel's own limit
/// unless an administrator raised it (`fs.nr_open`, proc(5)); a descriptor above it stays open.
const MAX_FD: RawFd = 1 << 20;

/// Closes every descriptor but standard input, output and error. To be called before this program opens
/// one itself. std has opened `/dev/null` for a stream that was closed.
///
/// It reads the list in `/proc`: close_range(2) does not exist before Linux 5.9, is refused in some
/// containers, has no safe wrapper, and would save a few microseconds.
pub(super) fn close_inherited_fds() {
    let numbers = list(FD_DIR).unwrap_or_else(|_| {
        let limit =
            getrlimit(Resource::RLIMIT_NOFILE).map_or(libc::RLIM_INFINITY, |(_, hard)| hard);
        let end = RawFd::try_from(limit).map_or(MAX_FD, |limit| limit.min(MAX_FD));
        (LAST_STDIO_FD + 1..end).collect()
    });
    for number in numbers {
        // The only error that leaves a descriptor open is EBADF (close(2), "Dealing with error
        // returns"): it was not open, or it was the list itself.
        let _ = close(number);
    }
}

/// The descriptors beyond the standard streams that this process has not opened. What it opens is
/// closed at exec (std, tokio and our own calls set the flag); what it inherited is not.
///
/// # Errors
/// When `/proc` cannot be read.
pub(crate) fn inherited_fds() -> io::Result<Vec<RawFd>> {
    let mut inherited = Vec::new();
    for number in list(FDINFO_DIR)? {
        let file = format!("{FDINFO_DIR}/{number}");
        match paths::read_file(Path::new(&file), Owner::Anyone, MAX_FDINFO_BYTES) {
            Ok(info) if is_cloexec(&String::from_utf8_lossy(&info)) => {}
            // The descriptor was that of the list itself.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Ok(_) => inherited.push(number),
            Err(error) => return Err(error),
        }
    }
    Ok(inherited)
}

/// The numbers in a folder of `/proc/self`, beyond the standard streams.
fn list(folder: &str) -> io::Result<Vec<RawFd>> {
    let number = |name: &OsStr| name.to_str()?.parse().ok();
    let entries = std::fs::read_dir(folder)?.map(|entry| Ok(number(&entry?.file_name())));
    let numbers = entries.collect::<io::Result<Vec<Option<RawFd>>>>()?;
    Ok(numbers.into_iter().flatten().filter(|number| *number > LAST_STDIO_FD).collect())
}

/// Whether a file of `/proc/self/fdinfo` has `O_CLOEXEC` in its line `flags:`, an octal number
/// (proc(5)).
fn is_cloexec(info: &str) -> bool {
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = flags.and_then(|flags| i32::from_str_radix(flags.trim(), 8).ok());
    flags.is_some_and(|flags| flags & libc::O_CLOEXEC != 0)
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsRawFd as _;

    use nix::fcntl::{FcntlArg, FdFlag, fcntl};

    use super::*;

    #[test]
    fn a_descriptor_without_cloexec_is_inherited_and_one_of_our_own_is_not() {
        let own = std::fs::File::open("/dev/null").unwrap();
        let inherited = std::fs::File::open("/dev/null").unwrap();
        fcntl(&inherited, FcntlArg::F_SETFD(FdFlag::empty())).unwrap();
        let found = inherited_fds().unwrap();
        assert!(found.contains(&inherited.as_raw_fd()), "{found:?}");
        assert!(!found.contains(&own.as_raw_fd()), "{found:?}");
    }

    #[test]
    fn flags_are_octal() {
        assert!(is_cloexec("pos:\t0\nflags:\t02100000\nmnt_id:\t15\n"));
        assert!(!is_cloexec("pos:\t0\nflags:\t0100000\nmnt_id:\t15\n"));
        assert!(!is_cloexec(""), "unknown counts as inherited");
    }
}
