//! Whole sessions: `chattrace` with all its programs, from the first line to "nothing remains".

mod addresses;
mod confined;
pub(crate) mod control;
pub(crate) mod ends;
mod failed_start;
mod fallback;
mod goodbye;
pub(crate) mod guest;
mod hangups;
mod hostile;
mod hostile_floods;
mod inherited;
mod input;
mod left;
mod locale;
mod mounts;
mod older;
mod pipes;
mod places;
mod question;
mod resist;
mod resize;
mod screen;
pub(crate) mod stage;
mod streams;
mod traps;
mod whole;
