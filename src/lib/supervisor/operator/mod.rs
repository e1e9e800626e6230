//! The room as the operator ordered it: who is in it and who waits, which rules hold, which links admit.
//! `chattrace-serve` enforces what is decided here.
//!
//! Pure: time is an argument, and randomness is the caller's. What is known of people comes from the room's
//! process, which drops reports while it is busy: every list is bounded, and forgets its oldest entry.

mod answer;
mod connections;
mod links;
mod moment;
mod people;
mod room_control;
mod roster;
mod waiting_lines;

#[cfg(test)]
mod tests;

pub(super) use answer::{Answer, Refused};
pub(super) use connections::ConnectionQuery;
pub(super) use links::Invite;
pub(super) use moment::Moment;
pub(super) use people::Place;
pub(super) use room_control::{Found, RoomControl};
pub(super) use waiting_lines::{WaitingLine, WaitingLines};
