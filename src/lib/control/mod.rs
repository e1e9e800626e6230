//! How the processes of a session communicate: JSON lines over a socketpair inside it, over
//! `control.sock` from outside. A service exits at end of file on its socketpair, its lifeline.

mod answer;
mod client;
mod conversation;
mod frame;
mod link;
mod listener;
mod message;
mod validate;

pub(crate) use client::ControlClient;
pub(crate) use conversation::{Answer, EventLine, IncomingRequest};
pub(crate) use frame::FrameError;
#[cfg(test)]
pub(crate) use frame::MAX_FRAME_BYTES;
pub(crate) use link::{Inbox, Outbox, from_stdin, pair, recv_blocking, send_blocking};
pub(crate) use listener::Listener;
pub(crate) use message::{
    Admission, CloudflaredSource, Connected, FromGuard, FromRelay, FromServe, FromTunnel,
    Handshake, Letter, LinkNumber, ListedApplicant, ListedParticipant, MAX_ADMITTED_PER_LINE,
    MAX_CONNECTIONS_PER_LINE, MAX_LETTERS_PER_LINE, MAX_LINKS, MAX_SEALED_BYTES, MAX_WAITING,
    Participant, Protection, RequestBody, ResponseBody, RoomLink, RoomOrder, RoomReport, RoomRules,
    Sealed, ToGuard, ToRelay, ToServe, ToTunnel, VERSION, WAITING_SECONDS,
};
#[cfg(test)]
pub(crate) use validate::is_name;
