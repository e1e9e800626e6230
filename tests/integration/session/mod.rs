//! Whole sessions: `chattrace` with all its programs, from the first line to "nothing remains".

mod confined;
mod control;
mod ends;
mod fallback;
mod guest;
mod input;
mod left;
mod older;
mod pipes;
mod places;
mod question;
mod resist;
mod screen;
mod stage;
mod streams;
mod traps;
mod whole;
