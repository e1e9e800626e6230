//! How the processes of a session communicate: JSON lines over a socketpair inside it, over
//! `control.sock` from outside. A service exits at end of file on its socketpair, its lifeline.

mod frame;
mod link;
mod listener;
mod message;
mod validate;

pub(crate) use frame::FrameError;
pub(crate) use link::{Inbox, Outbox, from_stdin, pair, recv_blocking, send_blocking};
pub(crate) use listener::{IncomingRequest, Listener};
pub(crate) use message::{
    CloudflaredSource, FromGuard, FromServe, FromTunnel, Participant, Protection, RequestBody,
    ResponseBody, ToGuard, ToServe, ToTunnel, VERSION,
};
#[cfg(test)]
pub(crate) use validate::is_name;
