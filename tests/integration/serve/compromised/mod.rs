//! A confined room that an attacker has taken over can still only talk. The test makes system calls in
//! its name, from within, by number and argument. It needs a capability to trace the process, and
//! x86-64, whose registers it knows.

mod all_calls;
mod other_calls;
mod process;
mod sockets;
