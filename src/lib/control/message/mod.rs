//! What the processes of a session send each other: one enum per direction, one JSON object per
//! line. No message text ever crosses this channel, and no secret but the ticket, which serve needs.

mod guard;
mod request;
mod serve;
mod tunnel;

pub(crate) use guard::{FromGuard, ToGuard};
pub(crate) use request::{Request, RequestBody, Response, ResponseBody};
pub(crate) use serve::{FromServe, Participant, Protection, ToServe};
pub(crate) use tunnel::{CloudflaredSource, FromTunnel, ToTunnel};

/// The version of this build. All programs of a session must be of the same one.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");
