//! Black-box tests of the programs: real processes, sockets and terminals.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

mod clean;
mod configuration;
mod documents;
mod echo;
mod harness;
mod kept;
mod layering;
mod planted;
mod requirements;
mod sealed;
mod serve;
mod session;
mod tunnel;
mod undelivered;
