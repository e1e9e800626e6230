//! The system calls that a program and its descendants make, from strace(1).

use std::collections::BTreeSet;
use std::process::Command;

use crate::harness::{Program, TestEnv, children, in_shell};
use crate::session::ends::signal;
use crate::session::stage::watched;

/// A call, or one operation of a call that has many.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TracedCall {
    pub(super) name: String,
    number: u32,
    /// Place and value of the argument that chooses the operation.
    operation: Option<(usize, u32)>,
}

/// The calls whose effect depends on one argument, and its place. A profile may refuse one operation
/// and allow the others.
const MULTIPLEXED: [(&str, usize); 12] = [
    ("epoll_ctl", 1),
    ("fcntl", 1),
    ("getsockopt", 2),
    ("ioctl", 1),
    ("landlock_add_rule", 1),
    ("landlock_create_ruleset", 2),
    ("madvise", 2),
    ("prctl", 0),
    ("prlimit64", 1),
    ("seccomp", 0),
    ("setsockopt", 2),
    ("socket", 0),
];

impl TracedCall {
    /// The refusal of this call, as `older-kernel` reads it.
    pub(super) fn refusal(&self, error: &str) -> String {
        let Self { number, operation, .. } = self;
        match operation {
            Some((place, value)) => format!("{number}:{place}:{value}={error}"),
            None => format!("{number}={error}"),
        }
    }

    pub(super) fn is_operation(&self) -> bool {
        self.operation.is_some()
    }

    /// A line of `strace -f -n -X raw`: `PID [NUMBER] NAME(ARGUMENT, …) = RESULT`.
    fn parse(line: &str) -> Option<Self> {
        let (_, rest) = line.split_once('[')?;
        let (number, rest) = rest.split_once(']')?;
        // The end of a call that was interrupted begins with `<`, and its begin came before. `???` is a call
        // of which strace saw only that the process was killed.
        let (name, arguments) =
            rest.trim_start().split_once('(').filter(|_| !rest.contains("<..."))?;
        if name == "???" {
            return None;
        }
        let of_call = |(call, place): &(&str, usize)| (*call == name).then_some(*place);
        let operation = MULTIPLEXED.iter().find_map(of_call).map(|place| {
            let value = arguments.split([',', ')', '<']).nth(place).unwrap().trim();
            (place, raw_value(value).unwrap_or_else(|| panic!("{value}: {line}")))
        });
        Some(Self { name: name.to_owned(), number: number.trim().parse().ok()?, operation })
    }
}

/// The lower 32 bits of a number as strace prints it: `0x1f`, `7`, `-1`.
fn raw_value(text: &str) -> Option<u32> {
    match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok().map(|value| value as u32),
        None => text.parse::<i64>().ok().map(|value| value as u32),
    }
}

/// Every call that `command` and its descendants make. It gets SIGTERM when `start` says that it has
/// started, and otherwise ends by itself. A call with operations is listed as a whole, too.
pub(super) fn trace(
    command: &Command,
    start: impl FnOnce(&mut Program) -> bool,
) -> BTreeSet<TracedCall> {
    let env = TestEnv::new();
    let output = env.work().join("trace");
    let script = format!("exec strace -f -n -qq -s 0 -X raw -o {} \"$0\" \"$@\"", output.display());
    let mut program = watched(&in_shell(command, &script));
    if start(&mut program) {
        // The only child of strace, which would not pass a signal on.
        signal("TERM", children(program.pid())[0]);
    }
    program.wait().expect_code(0);
    let text = std::fs::read_to_string(output).unwrap();
    let calls: BTreeSet<_> = text.lines().filter_map(TracedCall::parse).collect();
    let whole = calls.iter().map(|call| TracedCall { operation: None, ..call.clone() });
    whole.collect::<BTreeSet<_>>().union(&calls).cloned().collect()
}
