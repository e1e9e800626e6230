//! Standard outputs on which every write fails.

use std::process::Command;

use crate::harness::{Output, Program, TestEnv, in_shell};

/// A redirection of standard output, and the error of every write to it.
pub(super) struct Sink {
    /// In a shell script, `"$0" "$@"` being the program.
    script: &'static str,
    /// The end of the sentence for people: the reason and the next step.
    pub(super) reason: &'static str,
}

/// One sink for each error that write(2) has for a file.
pub(super) const SINKS: &[Sink] = &[
    Sink {
        script: "exec \"$0\" \"$@\" >/dev/full",
        reason: "no space left on device; free some space, or redirect it elsewhere",
    },
    // A file that has reached the limit of this process. The signal XFSZ would kill it.
    Sink {
        script: "printf %512s >../bin/limited; trap '' XFSZ; ulimit -f 1; \
                 exec \"$0\" \"$@\" >>../bin/limited",
        reason: "file too large; raise the limit on file sizes (ulimit -f), or redirect it elsewhere",
    },
    Sink {
        script: "exec \"$0\" \"$@\" 1</dev/null",
        reason: "it is not open for writing; redirect it with > or |",
    },
    // Address 0 of a process is not mapped (proc(5)).
    Sink {
        script: "exec \"$0\" \"$@\" >/proc/$PPID/mem",
        reason: "input/output error; redirect it elsewhere",
    },
    // The memory of the shell, which exec has replaced: a write of 0 bytes is no error.
    Sink {
        script: "exec \"$0\" \"$@\" >/proc/$$/mem",
        reason: "input/output error; redirect it elsewhere",
    },
];

impl Sink {
    /// Runs `command` with this standard output.
    pub(super) fn run(&self, env: &TestEnv, command: &Command) -> Output {
        Program::run(self.redirect(env, command))
    }

    /// `command` with this standard output.
    pub(super) fn redirect(&self, env: &TestEnv, command: &Command) -> Command {
        // Beside the stand-ins, where no test looks for what is left.
        std::fs::create_dir_all(env.root().join("bin")).unwrap();
        in_shell(command, self.script)
    }

    /// The line with which `program` names the failed write.
    pub(super) fn sentence(&self, program: &str) -> String {
        format!("{program}: cannot write to standard output: {}", self.reason)
    }
}
