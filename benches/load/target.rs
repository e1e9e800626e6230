//! The server that a load connects to.

use std::net::SocketAddr;

use serde_json::json;

use super::client::KEY;
use super::message::Protocol;

/// The address of a server, and what a client sends to be admitted.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    /// The ticket of a chattrace room; `None` for a yardstick.
    pub(crate) ticket: Option<String>,
    pub(crate) protocol: Protocol,
}

impl Target {
    /// The request that upgrades a connection to a WebSocket.
    pub(crate) fn handshake(&self) -> String {
        let address = self.address;
        format!(
            "GET /ws HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\n\
             Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: {KEY}\r\n\r\n"
        )
    }

    /// The line by which a client joins the room.
    pub(crate) fn join(&self, name: &str) -> String {
        let ticket = self.ticket.as_deref().unwrap_or_default();
        let name = json!(name);
        format!("{{\"t\":\"join\",\"name\":{name},\"ticket\":\"{ticket}\"}}")
    }
}
