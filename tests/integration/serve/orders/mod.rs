//! What the operator orders, carried out in open rooms; `serve/sealed/orders.rs` has those of sealed rooms.

mod removal;
mod rules;
