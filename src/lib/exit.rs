//! Exit codes of all four programs. docs/configuration.md documents them for scripts.

use std::process::ExitCode;

/// How a program ended. Codes above 2 follow `sysexits.h`, so that scripts can tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// As requested; nothing remains.
    Ended,
    /// Something could not be removed or killed; each was named on stderr.
    Remains,
    /// The command line is wrong.
    Usage,
    /// Something required is missing: tunnel, cloudflared, network, port, folder, a stdout that can be
    /// written (`EX_UNAVAILABLE`).
    Unavailable,
    /// A process of chattrace failed (`EX_SOFTWARE`).
    Failed,
    /// The configuration is wrong (`EX_CONFIG`).
    Config,
    /// A second Ctrl+C: every process was killed at once (128 + SIGINT).
    Killed,
}

impl Exit {
    /// The code for exit(3).
    pub(crate) fn code(self) -> u8 {
        match self {
            Exit::Ended => 0,
            Exit::Remains => 1,
            Exit::Usage => 2,
            Exit::Unavailable => 69,
            Exit::Failed => 70,
            Exit::Config => 78,
            Exit::Killed => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}
