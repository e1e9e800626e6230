//! Whole sessions: `chattrace` with all its programs, from the first line to "nothing remains".

mod control;
mod ends;
mod fallback;
mod guest;
mod input;
mod left;
mod pipes;
mod places;
mod question;
mod screen;
mod stage;
mod streams;
mod whole;
