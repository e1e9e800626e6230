//! What an operator can order while a session runs: one grammar, typed at the session's own terminal, given
//! to `chattrace ctl`, or sent to the control socket. Pure: text in, [`Command`] out.
//!
//! A line is a command's word, in any case, and what follows it. `table` has every command once: the parser,
//! `help`, completion, the manual page and `docs/operator.md` are made from it.

mod arguments;
mod complete;
mod error;
mod find;
mod grammar;
mod help;
mod nearest;
mod order;
mod span_problem;
mod table;
mod target;
#[cfg(test)]
mod tests;

pub(crate) use complete::{Completion, complete};
pub(crate) use error::CommandError;
pub(crate) use find::{WhoError, find};
pub(crate) use grammar::parse;
pub(crate) use help::{help, manual_entries};
#[cfg(test)]
pub(crate) use order::Topic;
pub(crate) use order::{Applicants, Command};
pub(crate) use target::Who;
