//! How the processes of a session talk: JSON lines over a socketpair inside, over `control.sock`
//! from outside. The inner end of file is the lifeline: whoever reads it ends.

mod bounds;
mod frame;
mod link;
mod listener;
mod message;

#[cfg(test)]
pub(crate) use bounds::is_name;
pub(crate) use frame::FrameError;
pub(crate) use link::{Inbox, Outbox, adopt, pair, recv_blocking, send_blocking};
pub(crate) use listener::{IncomingRequest, Listener};
pub(crate) use message::{
    FromGuard, FromServe, FromTunnel, Participant, Protection, RequestBody, ResponseBody, Source,
    ToGuard, ToServe, ToTunnel, VERSION,
};
