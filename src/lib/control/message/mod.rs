//! What the processes of a session send each other: one enum per direction, one JSON object per
//! line. No text of a participant ever crosses this channel, and no secret but the
//! tickets of an open room, which serve needs.

mod guard;
mod orders;
mod participant;
mod request;
mod sealed;
mod serve;
mod tunnel;

pub(crate) use guard::{FromGuard, ToGuard};
pub(crate) use orders::{
    Connected, MAX_CONNECTIONS_PER_LINE, MAX_LINKS, MAX_WAITING, RoomLink, RoomOrder, RoomReport,
    RoomRules, WAITING_SECONDS,
};
pub(crate) use participant::Participant;
pub(crate) use request::{
    ListedApplicant, ListedParticipant, Request, RequestBody, Response, ResponseBody,
};
pub(crate) use sealed::{
    FromRelay, Handshake, Letter, LinkNumber, MAX_ADMITTED_PER_LINE, MAX_LETTERS_PER_LINE,
    MAX_SEALED_BYTES, Sealed, ToRelay,
};
pub(crate) use serve::{Admission, FromServe, Protection, ToServe};
pub(crate) use tunnel::{CloudflaredSource, FromTunnel, ToTunnel};

/// The version of this build. All programs of a session must be of the same one.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");
