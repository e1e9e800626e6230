//! `chattrace-serve` from outside: its wire protocol, its rules, and what it does with bad input.

mod absence;
mod admission;
mod backlog;
mod bad_input;
mod changed_links;
mod channel;
pub(crate) mod client;
#[cfg(target_arch = "x86_64")]
mod compromised;
mod confined;
mod exhaustion;
mod flood;
pub(crate) mod frames;
mod headers;
mod host_policy;
pub(crate) mod http;
mod interleaved;
mod joins;
mod languages;
mod memory_limits;
mod messages;
pub(crate) mod open_host;
mod order;
mod orders;
mod polls;
mod proxy;
mod requests;
mod resume;
mod sealed;
mod secrecy;
pub(crate) mod server;
mod shutdown;
mod slow_clients;
mod start;
mod supervised;
mod upgrades;
