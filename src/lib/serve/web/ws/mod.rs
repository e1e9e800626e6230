//! The room over a WebSocket: one task per socket, with one loop. Events wait in the ring, not in a
//! queue.

mod close;
mod first_message;
mod handshake;
mod join;
mod session;
mod upgrade;
mod waiting;

pub(super) use close::CloseCode;
pub(in crate::serve) use session::MAX_SOCKET_BYTES;
pub(super) use upgrade::upgrade;
