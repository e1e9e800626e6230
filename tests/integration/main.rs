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
