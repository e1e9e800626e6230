//! What an operator can order while a session runs: one grammar, typed at the session's own terminal, given
//! to `chattrace ctl`, or sent to the control socket. Pure: text in, [`Command`] out.

mod order;
mod target;

pub(crate) use crate::span::{Span, SpanError};
pub(crate) use order::{Applicants, Command, Topic};
pub(crate) use target::Who;
