//! Everything that the operator sees and types, and every line that a program reads from our
//! stdout.
//!
//! Names come from the network. `control` bounds them where they are read, and they are escaped
//! here once more, for screen and event log alike. No message text gets this far.

mod bell;
mod changes;
mod ending;
mod link;
mod log_question;
mod participants;
mod qr;
#[cfg(test)]
mod qr_tests;
mod start;
mod state;
mod status;
mod stdout;
mod time_left;
mod tunnel;

pub(super) use link::RoomLinks;
pub(super) use log_question::{LogFate, LogQuestion};
pub(super) use state::Console;
pub(super) use time_left::TimeLeft;
pub(super) use tunnel::TunnelStep;
