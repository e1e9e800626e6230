//! The rules of the conversation: without I/O and without a clock. Time is an argument.

mod likeness;
mod nickname;
#[cfg(test)]
mod nickname_tests;
mod text;

pub(crate) use likeness::Likeness;
pub(crate) use nickname::{NameError, Nickname};
pub(crate) use text::{Text, TextError};
