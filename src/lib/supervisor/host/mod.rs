//! The host of a sealed room: has its keys, judges names, and decides who shares which key. The room's
//! process relays what it cannot open, and its every word is checked.
//!
//! Pure: no I/O and no clock, and randomness is drawn by a function that the caller gives. The event loop
//! brings the messages of the relay and carries out what [`HostOutput`] asks for.
//!
//! A newcomer knocks, and the host answers the handshake (`knocks`). Their request is judged (`requests`),
//! and they wait for the next generation: a new room key, and a letter to each person in it (`generation`),
//! as often as `pace` permits. Who is where on this way stands in `people`.
//!
//! The operator decides who comes in: by rules and one by one (`lobby`), by which links (`links`,
//! `link_orders`), and who has to go (`removal`).

mod announcements;
mod generation;
mod knocks;
mod link_orders;
mod links;
mod lobby;
mod messages;
mod output;
mod pace;
mod people;
mod removal;
mod requests;
mod state;

#[cfg(test)]
mod tests;

pub(super) use output::{HostError, HostEvent, HostOutput};
pub(super) use state::{Host, HostRules};
