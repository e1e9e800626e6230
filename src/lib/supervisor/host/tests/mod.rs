//! The host with a relay that is a script, and with guests who check all that they are sent.

mod admissions;
mod lies;
mod operator;
mod random;
mod relay;
mod script;
