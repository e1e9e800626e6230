//! Whole sessions: `chattrace` with all its programs, from the first line to "nothing remains".

mod guest;
mod stage;
mod whole;
