//! The rules of one attempt to get a public address: what a line of cloudflared means, what the
//! program does about it, and why an attempt fails. No I/O and no clock: time is an argument.

mod error;
mod events;
mod failures;
mod machine;
mod output;
mod phase;
mod probes;

pub(super) use error::TunnelError;
pub(super) use events::{AttemptAction, AttemptEvent, EdgeProtocol, ProgramFormat, Readiness};
pub(super) use machine::Attempt;
pub(super) use output::{EXEC_FAILED_PREFIX, OutputLine, UNCONFINED_PREFIX};
