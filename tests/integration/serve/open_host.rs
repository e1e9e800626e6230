//! The supervisor's side of the control channel, in an open room.

use std::ops::{Deref, DerefMut};

use serde_json::{Value, json};

use super::channel::ControlledServe;
use super::client::Client;
use super::http::{Connection, Poller, Response};
use crate::harness::TestEnv;

pub(crate) const TICKET: &str = "AAAAAAAAAAAAAAAAAAAAAA";

/// An open room that accepts connections.
pub(crate) struct OpenHost {
    serve: ControlledServe,
}

impl Deref for OpenHost {
    type Target = ControlledServe;

    fn deref(&self) -> &ControlledServe {
        &self.serve
    }
}

impl DerefMut for OpenHost {
    fn deref_mut(&mut self) -> &mut ControlledServe {
        &mut self.serve
    }
}

impl OpenHost {
    pub(crate) fn start(env: &TestEnv) -> Self {
        Self::with(env, &json!({}), &json!({}))
    }

    /// With these settings of the room in place of others, and these further fields of the message `start`.
    pub(crate) fn with(env: &TestEnv, settings: &Value, further: &Value) -> Self {
        let admission = json!({"mode": "open", "ticket": TICKET});
        Self { serve: ControlledServe::start(env, &admission, settings, further) }
    }

    /// Sends an order of the operator.
    pub(crate) fn order(&mut self, order: &str, fields: Value) {
        self.send(&order_message(order, fields));
    }

    /// Sends orders in one write.
    pub(crate) fn orders(&mut self, orders: &[(&str, Value)]) {
        let lines = orders.iter().map(|(order, fields)| order_message(order, fields.clone()));
        let lines: String = lines.map(|line| format!("{line}\n")).collect();
        self.send_bytes(lines.as_bytes());
    }

    /// The next message of this type; those before it are skipped.
    pub(crate) fn wait(&mut self, kind: &str) -> Value {
        loop {
            let message = self.recv();
            if message["type"] == kind {
                return message;
            }
        }
    }

    /// A participant over a socket.
    pub(crate) fn join(&self, name: &str) -> Client {
        let mut client = self.open_socket();
        client.send_line(&join_line(name));
        client.welcome = client.wait("welcome");
        client
    }

    /// A socket that asks to return to the seat of this welcome.
    pub(crate) fn returning(&self, welcome: &Value, after: Option<u64>) -> Client {
        let mut client = self.open_socket();
        let mut line = join_line(welcome["you"]["name"].as_str().unwrap());
        line["resume"] = welcome["resume"].clone();
        if let Some(after) = after {
            line["after"] = after.into();
        }
        client.send_line(&line);
        client
    }

    /// A participant who returns, and is told so by a welcome.
    pub(crate) fn returned(&self, welcome: &Value, after: Option<u64>) -> Client {
        let mut client = self.returning(welcome, after);
        client.welcome = client.wait("welcome");
        client
    }

    pub(crate) fn join_by_poll(&self, name: &str) -> Poller {
        let host = self.address.to_string();
        Poller::join_by(self.address, &host, &format!("http://{host}"), &join_line(name))
    }

    pub(crate) fn request(&self, line: &str, body: &str) -> Response {
        let mut connection = Connection::to(self.address);
        let (host, length) = (self.address, body.len());
        let head = format!("{line} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n");
        connection.send(format!("{head}{body}").as_bytes());
        connection.response()
    }
}

/// The line by which `name` joins.
pub(crate) fn join_line(name: &str) -> Value {
    json!({"t": "join", "name": name, "ticket": TICKET})
}

/// The message to serve with an order of the operator.
pub(crate) fn order_message(order: &str, mut fields: Value) -> Value {
    fields["type"] = "operator".into();
    fields["order"] = order.into();
    fields
}
