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
    /// The target of a link, or of the port that a yardstick prints.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        if let Some(link) = line.strip_prefix("http://") {
            let (address, ticket, protocol) = match link.split_once("/t/") {
                Some((address, ticket)) => (address, ticket, Protocol::Room),
                None => {
                    let (address, ticket) = link.split_once("/#1.")?;
                    (address, ticket, Protocol::SealedRoom)
                }
            };
            let (address, ticket) = (address.parse().ok()?, Some(ticket.to_owned()));
            return Some(Self { address, ticket, protocol });
        }
        let port: u16 = line.parse().ok()?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        Some(Self { address, ticket: None, protocol: Protocol::Relay })
    }

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
