//! Exit codes of all four programs. docs/configuration.md documents them for scripts.

use std::process::ExitCode;

/// How a program ended. Codes above 2 follow `sysexits.h`, so that scripts can tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// As requested; nothing remains.
    Ended,
    /// Something could not be removed or killed; each was named on stderr.
    Remains,
    /// A running session refused a command; the reason was named on stderr.
    Refused,
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
    /// Every way to end, by its code.
    pub(crate) const ALL: &[Exit] = &[
        Exit::Ended,
        Exit::Remains,
        Exit::Refused,
        Exit::Usage,
        Exit::Unavailable,
        Exit::Failed,
        Exit::Config,
        Exit::Killed,
    ];

    /// What the code means, for the manual pages.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Exit::Ended => "ended as requested, and nothing remains",
            Exit::Remains => "something remains; each thing was named on stderr",
            Exit::Refused => {
                "of chattrace ctl: the session refused the command, for the reason on stderr"
            }
            Exit::Usage => "the command line is wrong",
            Exit::Unavailable => {
                "a required resource is unavailable: tunnel, cloudflared, network, port, system call, folder, \
                 a limit (ulimit) that is too low, or a standard output that cannot be written"
            }
            Exit::Failed => "a chattrace process failed; everything was ended and cleaned",
            Exit::Config => {
                "the configuration is wrong: file, line, key and the expected value were named on stderr"
            }
            Exit::Killed => "second Ctrl+C or signal: everything was killed without asking",
        }
    }

    /// The code for exit(3).
    pub(crate) fn code(self) -> u8 {
        match self {
            Exit::Ended => 0,
            Exit::Remains | Exit::Refused => 1,
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
