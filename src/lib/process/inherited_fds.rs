//! Descriptors that a process did not open and did not ask for: whatever the shell of the operator, or
//! the program before us, had open without closing it at exec. Each is a way to a file, a socket or a
//! terminal that no confinement closes: Landlock rules what is opened, a filter for system calls
//! sees numbers.

use std::ffi::OsStr;
use std::io;
use std::os::fd::RawFd;
use std::path::Path;

use nix::libc;
use nix::sys::resource::{Resource, getrlimit};
use nix::unistd::close;

use crate::paths::{self, Owner};

/// Standard input, output and error are meant for us. In a service, the first is the lifeline.
const LAST_STDIO_FD: RawFd = libc::STDERR_FILENO;

/// Where the kernel lists the descriptors of a process, and what each is (proc(5)).
const FD_DIR: &str = "/proc/self/fd";
const FDINFO_DIR: &str = "/proc/self/fdinfo";

/// Longest of its lists that is read. A poll of 20 000 sockets has a line of 50 bytes for each.
const MAX_FDINFO_BYTES: u64 = 4 * 1024 * 1024;

/// Numbers that are closed one by one where there is no `/proc`. It is the kernel's own ceiling for
/// them unless an administrator has raised it (`fs.nr_open`, proc(5)); trying them all takes a tenth
/// of a second. A descriptor above it stays open, and [`inherited_fds`] cannot look then either.
const MAX_FD: RawFd = 1 << 20;

/// Closes every descriptor but standard input, output and error. To be called before this program has
/// opened anything, first of all in `main`: std has already put `/dev/null` in the place of a stream
/// that was closed.
///
/// By the list in `/proc` and not by close_range(2): that is missing before Linux 5.9 and refused in
/// some containers, has no wrapper that is safe in the language's sense, and saves a few microseconds.
pub(crate) fn close_inherited_fds() {
    let numbers = open(FD_DIR).unwrap_or_else(|_| {
        let limit =
            getrlimit(Resource::RLIMIT_NOFILE).map_or(libc::RLIM_INFINITY, |(_, hard)| hard);
        let end = RawFd::try_from(limit).map_or(MAX_FD, |limit| limit.min(MAX_FD));
        (LAST_STDIO_FD + 1..end).collect()
    });
    for number in numbers {
        // EBADF: nothing was open there, or it was the list itself. There is no other reason for
        // which a descriptor would stay open (close(2), "Dealing with error returns").
        let _ = close(number);
    }
}

/// The descriptors beyond the streams that this process did not open itself. Everything that it opens
/// is closed at exec (std, tokio and our own calls see to it); what has come through an exec is not.
///
/// # Errors
/// When `/proc` cannot be read: then it is not known.
pub(crate) fn inherited_fds() -> io::Result<Vec<RawFd>> {
    let mut left = Vec::new();
    for number in open(FDINFO_DIR)? {
        let file = format!("{FDINFO_DIR}/{number}");
        match paths::read_file(Path::new(&file), Owner::Anyone, MAX_FDINFO_BYTES) {
            Ok(info) if is_cloexec(&String::from_utf8_lossy(&info)) => {}
            // It was the list itself.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Ok(_) => left.push(number),
            Err(error) => return Err(error),
        }
    }
    Ok(left)
}

/// The numbers in a folder of `/proc/self`, beyond the streams.
fn open(folder: &str) -> io::Result<Vec<RawFd>> {
    let number = |name: &OsStr| name.to_str()?.parse().ok();
    let entries = std::fs::read_dir(folder)?.map(|entry| Ok(number(&entry?.file_name())));
    let numbers = entries.collect::<io::Result<Vec<Option<RawFd>>>>()?;
    Ok(numbers.into_iter().flatten().filter(|number| *number > LAST_STDIO_FD).collect())
}

/// Whether a file of `/proc/self/fdinfo` says so: `flags:` and an octal number (proc(5)).
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
    fn a_descriptor_that_comes_through_an_exec_is_found_and_one_of_our_own_is_not() {
        let own = std::fs::File::open("/dev/null").unwrap();
        let left = std::fs::File::open("/dev/null").unwrap();
        fcntl(&left, FcntlArg::F_SETFD(FdFlag::empty())).unwrap();
        let found = inherited_fds().unwrap();
        assert!(found.contains(&left.as_raw_fd()), "{found:?}");
        assert!(!found.contains(&own.as_raw_fd()), "{found:?}");
    }

    #[test]
    fn flags_are_octal() {
        assert!(is_cloexec("pos:\t0\nflags:\t02100000\nmnt_id:\t15\n"));
        assert!(!is_cloexec("pos:\t0\nflags:\t0100000\nmnt_id:\t15\n"));
        assert!(!is_cloexec(""), "what is not known was not seen to be closed");
    }
}
