//! The room and its rules: who is in it, what they may say, what is remembered and for how long.
//!
//! Pure: no I/O, no clock, no randomness. Time and random bits are arguments, so every rule can be
//! tested at any moment of any conversation.

mod former;
mod likeness;
#[cfg(test)]
mod likeness_tests;
mod nickname;
#[cfg(test)]
mod nickname_tests;
mod picture;
mod reserved;
mod ring;
mod room;
mod room_error;
#[cfg(test)]
mod room_tests;
mod seat;
mod taken;
mod text;
#[cfg(test)]
mod text_tests;

pub(crate) use former::{NAMED, RESERVATION_BYTES, RESERVED};
pub(crate) use nickname::Nickname;
pub(crate) use ring::{Bounds, EVENT_BYTES, Kind, Past, Ring};
pub(crate) use room::{Entropy, KEPT, Room, RoomEvent, Rules, joins_within};
pub(crate) use room_error::RoomError;
pub(crate) use seat::{IDENTITY_BYTES, Identity, Seat, seat_bytes};
pub(crate) use taken::KNOWN_BYTES;
pub(crate) use text::{Text, TextError};
