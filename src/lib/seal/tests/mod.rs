//! The known answers of `tests/fixtures/sealed.json`, made by another implementation, and properties of
//! all that parses.

mod cases;
mod properties;
mod room;
mod rules;
mod transcripts;
mod values;
mod vectors;
