//! Which message a service may send when, and how many. Pure. `control` has bounded every field.
//!
//! The room faces the network and the tunnel runs another vendor's program, so either may be taken
//! over. A service that breaks its protocol is killed, and the session ends.

mod guard;
mod relay;
mod rules;
mod serve;
mod tunnel;

#[cfg(test)]
mod tests;

pub(super) use guard::GuardProtocol;
pub(super) use rules::Protocol;
pub(in crate::supervisor) use rules::Violation;
pub(super) use serve::ServeProtocol;
pub(super) use tunnel::TunnelProtocol;
