//! The event loop: signals, messages, exits and deadlines in, actions out. It decides nothing:
//! every decision is [`Session::step`](super::session::Session::step).

mod access;
mod actions;
mod asker;
mod clock;
mod commands;
mod messages;
mod relay;
mod reports;
mod requests;
mod room_orders;
mod run;
mod state;
mod streams;
mod typed;
mod wipe;

pub(super) use access::RoomAccess;
pub(super) use run::{Signals, run};
pub(super) use state::Setup;
