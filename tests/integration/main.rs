//! The programs as a stranger meets them: real processes, sockets and terminals.

mod harness;
mod layering;
