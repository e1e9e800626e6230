//! The processes of a session: spawned, listed, signalled, reaped and killed here and nowhere else.
//!
//! Three services (the room, the tunnel, the guard) are ordered about over their lifelines, and what
//! they send is checked against the protocol of each before anything acts on it. The cleaner runs
//! once and prints. Everything arrives as a [`ChildEvent`] in one queue.

mod cleaner;
mod event;
mod message_reader;
mod output;
mod programs;
mod protocol;
mod registry;
mod service;
mod shutdown;

pub(super) use event::{ChildEvent, ChildRole, Cleanup};
pub(super) use programs::Programs;
pub(super) use protocol::Violation;
pub(super) use registry::Children;
