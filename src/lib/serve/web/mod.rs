//! HTTP: connections, routes and all rules for requests. The only module that knows axum and hyper.

mod connection;
mod connections;
mod content_coding;
mod host;
mod host_policy;
#[cfg(test)]
mod host_policy_tests;
mod lines;
mod listener;
mod middleware;
mod page;
mod poll;
mod routes;
mod security_headers;
mod state;
mod target;
mod ws;

pub(super) use connection::MAX_REQUEST_BYTES;
pub(super) use connections::SPARE_CONNECTIONS;
pub(super) use host_policy::{HostPolicy, PublicHost};
pub(super) use listener::serve;
pub(super) use state::WebState;
pub(super) use ws::MAX_SOCKET_BYTES;
