//! The programs as a stranger meets them: real processes, sockets and terminals.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is what it is for")]

mod clean;
mod echo;
mod harness;
mod kept;
mod layering;
mod planted;
mod readme;
mod requirements;
mod serve;
mod session;
mod tunnel;
mod tunnel_confined;
mod tunnel_ends;
mod tunnel_faults;
mod tunnel_install;
mod tunnel_supervised;
