//! `chattrace-serve` from outside: its wire protocol, its rules, and what it does with bad input.

mod address;
mod away;
mod ceiling;
mod client;
mod comings;
mod confined;
mod end;
mod flood;
mod headers;
mod http;
mod input;
mod messages;
mod order;
mod polls;
mod proxy;
mod resume;
mod secrecy;
mod server;
mod slow;
mod sockets;
mod start;
