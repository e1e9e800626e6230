//! The prompt: a line that the operator types while lines arrive above it.

mod editor;
mod input;
mod keyboard;
mod keys;
mod typed;
mod view;

pub(crate) use input::{InputUse, Prompt};
pub(crate) use typed::Typed;
pub(super) use view::PromptText;
