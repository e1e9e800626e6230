//! Limits on this process (getrlimit(2)) under which a program would fail in the middle of its work, by
//! a signal or in a library.

use nix::libc::RLIM_INFINITY;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// A limit that every program needs to be at least `minimum`.
#[derive(Clone, Copy, Debug)]
struct RequiredLimit {
    resource: Resource,
    minimum: u64,
    /// To what a lower soft limit is raised, as far as the hard one permits.
    raised: u64,
    /// In words that follow a number.
    what: &'static str,
    /// The option of ulimit(1).
    option: &'static str,
    /// Bytes or pieces in one unit of ulimit(1).
    unit: u64,
}

const KIB: u64 = 1024;

/// The minima are about twice what a session of a debug build takes without participants (measured);
/// those of memory are without cloudflared, which needs more.
const REQUIRED: [RequiredLimit; 4] = [
    RequiredLimit {
        resource: Resource::RLIMIT_NOFILE,
        minimum: 64,
        raised: RLIM_INFINITY,
        what: "open files",
        option: "-n",
        unit: 1,
    },
    // The kernel reads it whenever the stack of the first thread grows (getrlimit(2)). Without any limit
    // it would give children a less random layout of memory; 8 MiB is its own default.
    RequiredLimit {
        resource: Resource::RLIMIT_STACK,
        minimum: 1024 * KIB,
        raised: 8 * 1024 * KIB,
        what: "KiB of stack",
        option: "-s",
        unit: KIB,
    },
    RequiredLimit {
        resource: Resource::RLIMIT_DATA,
        minimum: 32 * 1024 * KIB,
        raised: RLIM_INFINITY,
        what: "KiB of data",
        option: "-d",
        unit: KIB,
    },
    RequiredLimit {
        resource: Resource::RLIMIT_AS,
        minimum: 64 * 1024 * KIB,
        raised: RLIM_INFINITY,
        what: "KiB of address space",
        option: "-v",
        unit: KIB,
    },
];

/// A limit that only root, or the program that set it, can raise.
#[derive(Debug, thiserror::Error)]
#[error(
    "only {allowed} {what} are allowed here, and chattrace needs {minimum}; raise the limit with \
     \"ulimit {option} {minimum}\""
)]
pub(crate) struct LimitTooLow {
    allowed: u64,
    minimum: u64,
    what: &'static str,
    option: &'static str,
}

/// Raises each soft limit that is below its minimum.
///
/// # Errors
/// When the hard limit is below the minimum, too.
pub(super) fn raise() -> Result<(), LimitTooLow> {
    REQUIRED.iter().try_for_each(RequiredLimit::raise)
}

impl RequiredLimit {
    fn raise(&self) -> Result<(), LimitTooLow> {
        // An error means that the kernel has no such limit.
        let Ok((soft, hard)) = getrlimit(self.resource) else {
            return Ok(());
        };
        if soft >= self.minimum {
            return Ok(());
        }
        let raised = self.raised.min(hard);
        if raised >= self.minimum && setrlimit(self.resource, raised, hard).is_ok() {
            return Ok(());
        }
        Err(LimitTooLow {
            allowed: soft / self.unit,
            minimum: self.minimum / self.unit,
            what: self.what,
            option: self.option,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_named_as_ulimit_names_it() {
        let data = REQUIRED.into_iter().find(|limit| limit.option == "-d").unwrap();
        let error = LimitTooLow {
            allowed: 100,
            minimum: data.minimum / data.unit,
            what: data.what,
            option: data.option,
        };
        assert_eq!(
            error.to_string(),
            "only 100 KiB of data are allowed here, and chattrace needs 32768; raise the limit with \
             \"ulimit -d 32768\""
        );
    }
}
