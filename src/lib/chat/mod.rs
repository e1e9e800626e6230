//! The room and its rules: who is in it, what they may post, what is remembered and for how long.
//!
//! An open room, [`Room`], has two halves: [`NameRegistry`], who may be called what, and [`Seats`], who is
//! present and may return. A sealed room has the same two in two processes: its host judges the names, and
//! its server keeps the seats.
//!
//! Pure: no I/O, no clock, no randomness. Time and random bits are arguments, so every rule can be
//! tested at any moment of any conversation.

#[cfg(test)]
mod admission_steps;
#[cfg(test)]
mod admission_tests;
#[cfg(test)]
mod admission_world;
mod departed;
mod emoji;
mod event_line;
#[cfg(test)]
mod halves_tests;
mod identity;
#[cfg(test)]
mod language_tests;
mod links;
#[cfg(test)]
mod links_tests;
mod lobby;
#[cfg(test)]
mod lobby_tests;
mod mutes;
mod name_characters;
mod name_error;
mod name_index;
mod name_lobby;
mod name_registry;
#[cfg(test)]
mod name_registry_tests;
mod name_retention;
mod nickname;
#[cfg(test)]
mod nickname_tests;
#[cfg(test)]
mod relay_seats_tests;
mod removed;
mod reserved;
#[cfg(test)]
mod reserved_tests;
mod ring;
mod ring_entry;
mod ring_retention;
#[cfg(test)]
mod ring_retention_tests;
#[cfg(test)]
mod ring_tests;
mod room;
mod room_error;
mod room_lobby;
mod room_orders;
#[cfg(test)]
mod room_orders_tests;
#[cfg(test)]
mod room_tests;
mod seat;
mod seat_places;
mod seat_posting;
mod seat_retention;
mod seat_rules;
mod seats;
#[cfg(test)]
mod seats_tests;
mod skeleton;
#[cfg(test)]
mod skeleton_tests;
mod slow_mode;
mod text;
#[cfg(test)]
mod text_tests;
#[cfg(test)]
mod unicode_tests;

pub(crate) use departed::{MAX_NAMED_DEPARTED, MAX_RESERVATIONS, RESERVATION_BYTES};
pub(crate) use event_line::{EventLine, LetteredLine};
pub(crate) use identity::Identity;
pub(crate) use links::{LINK_BYTES, Links, OWN_LINK};
pub(crate) use lobby::{POLL_RETURN_TIMEOUT, WAITING_BYTES, WAITING_TIMEOUT, WaitEnd, Waiting};
pub(crate) use mutes::MUTE_BYTES;
pub(crate) use name_index::NAME_INDEX_BYTES;
pub(crate) use name_registry::{IDENTITY_BYTES, NameRegistry, max_joins_within};
pub(crate) use nickname::Nickname;
pub(crate) use removed::{MAX_REMOVED, REMOVED_BYTES};
pub(crate) use ring::{EventSlice, Ring, RingBounds};
pub(crate) use ring_entry::{ENTRY_OVERHEAD_BYTES, EntryKind};
pub(crate) use room::{Admitted, Entropy, Newcomer, Room, RoomEvent};
pub(crate) use room_error::RoomError;
pub(crate) use room_lobby::Joining;
#[cfg(test)]
pub(crate) use seat::Activity;
pub(crate) use seat::{Seat, max_seat_bytes};
pub(crate) use seat_retention::MAX_RETAINED_SEATS;
pub(crate) use seat_rules::Entrance;
pub(crate) use seats::{Posting, Returning, Rules, SeatEvent, Seats};
pub(crate) use slow_mode::SLOW_MODE_BYTES;
#[cfg(test)]
pub(crate) use text::MAX_MESSAGE_LINES;
pub(crate) use text::{MessageText, TextError};
