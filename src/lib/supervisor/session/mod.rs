//! The state machine of a session: phase × event → actions. Pure: no I/O, no clock, and nothing
//! else of the supervisor. The event loop brings the events and performs the actions.
//!
//! ```text
//! Preparing → Starting → Opening → Open → Closing → Stopping → SettlingLog → Wiping → Over
//! ```
//!
//! `table` has one entry for each phase and event that belong together. Each of the first four phases
//! may go to `Closing`, and a second Ctrl+C leads from there straight to `Wiping`. `panic` leads from every
//! phase before to `Panicking` and then `Wiping`. No phase goes back.

mod ending;
mod opening;
mod state;
mod table;
mod tunnel;
mod types;

#[cfg(test)]
mod model_check;
#[cfg(test)]
mod table_tests;
#[cfg(test)]
mod tests;

pub(in crate::supervisor) use state::Session;
#[cfg(test)]
use state::SessionPhase;
pub(in crate::supervisor) use types::{
    AskAboutLog, EndReason, EndRequest, SessionAction, SessionEvent, SessionOutcome, SessionTimer,
    TunnelPolicy,
};
