//! What a service may send when, and how much. Pure. A message that arrives here is within the
//! bounds of its fields (`control`); one that passes is in its place in the conversation.
//!
//! The room serves strangers and the tunnel runs another vendor's program, so either may be taken
//! over. A service that breaks its protocol is killed, and the session ends.

mod guard;
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
