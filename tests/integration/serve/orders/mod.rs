//! What the operator orders, carried out in open rooms; `serve/sealed/orders.rs` has those of sealed rooms.

mod clearing;
mod connections;
mod mutes;
mod panic;
mod removal;
mod rules;
