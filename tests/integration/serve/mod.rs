//! `chattrace-serve` from outside: its wire protocol, its rules, and what it does with bad input.

mod address;
mod away;
mod beginnings;
mod ceiling;
pub(crate) mod client;
mod comings;
mod confined;
mod crowding;
mod end;
mod flood;
mod headers;
pub(crate) mod http;
mod input;
mod interleaved;
mod messages;
mod order;
mod polls;
mod proxy;
mod resume;
mod secrecy;
pub(crate) mod server;
mod slow;
pub(crate) mod sockets;
mod start;
mod supervised;
#[cfg(target_arch = "x86_64")]
mod taken_over;
