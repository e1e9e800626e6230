//! The room over a WebSocket: one task for each socket, one loop in it, no queue.

mod close;
mod join;
mod session;
mod upgrade;

pub(in crate::serve) use session::MAX_SOCKET_BYTES;
pub(super) use upgrade::upgrade;
