//! The programs as a stranger meets them: real processes, sockets and terminals.

mod harness;
mod layering;
mod tunnel;
mod tunnel_ends;
mod tunnel_faults;
mod tunnel_install;
mod tunnel_supervised;
