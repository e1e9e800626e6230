//! `chattrace-serve` as the relay of a sealed room. The tests play its supervisor, which has the keys: what
//! crosses here is dummy bytes, because the relay looks into none of it.

mod admission;
mod boxes;
mod end;
mod floods;
mod host;
mod joins;
mod lobby;
mod orders;
mod polls;
mod readers;
mod resume;
