//! Exit codes: what every binary tells the shell. The table is part of the contract in README.md.

use std::process::ExitCode;

/// How a program ended. Codes above 2 follow `sysexits.h`, so that scripts can tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Ended as asked, and nothing remains.
    Ended,
    /// Something could not be removed or ended; each thing was named.
    Remains,
    /// The command line was wrong.
    Usage,
    /// A required thing is not there: tunnel, cloudflared, network, port, folder (`EX_UNAVAILABLE`).
    Unavailable,
    /// One of our own processes failed (`EX_SOFTWARE`).
    Failed,
    /// The configuration is wrong (`EX_CONFIG`).
    Config,
    /// The operator asked twice: everything was killed without asking (128 + SIGINT).
    Killed,
}

impl Exit {
    /// The number the shell sees.
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
