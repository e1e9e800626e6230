//! A `chattrace-serve` whose supervisor is the test: the control channel.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Stdio};

use serde_json::{Value, json};

use super::client::Client;
use crate::harness::{DEADLINE, SERVE, TestEnv};

/// A room that accepts connections, and the supervisor's end of its channel.
pub(crate) struct ControlledServe {
    pub(crate) child: Child,
    channel: UnixStream,
    messages: BufReader<UnixStream>,
    pub(crate) address: SocketAddr,
}

impl ControlledServe {
    /// Starts the room of this admission, with these settings in place of others, and these further fields of
    /// the message `start`.
    pub(crate) fn start(
        env: &TestEnv,
        admission: &Value,
        settings: &Value,
        further: &Value,
    ) -> Self {
        let mut serve = Self::spawn(env);
        assert_eq!(serve.recv()["type"], "hello");
        let mut room = json!({
            "mode": admission["mode"],
            "max_participants": 100,
            "backlog": 0,
            "message_bytes": 4096,
            "lobby": false,
            "fade": null,
            "ring": {"events": 1000, "bytes": 1_000_000, "age_seconds": 600},
            "rate": {"per_second": 0, "burst": 0},
        });
        room.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        let mut start = json!({"type": "start", "room": room, "admission": admission});
        start.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
        serve.send(&start);
        assert_eq!(serve.recv()["type"], "ready");
        serve
    }

    fn spawn(env: &TestEnv) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (ours, theirs) = UnixStream::pair().unwrap();
        ours.set_read_timeout(Some(DEADLINE)).unwrap();
        ours.set_write_timeout(Some(DEADLINE)).unwrap();
        let child = env
            .command(SERVE)
            .args(["--lifeline", &std::process::id().to_string()])
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::from(OwnedFd::from(listener)))
            .spawn()
            .unwrap();
        let messages = BufReader::new(ours.try_clone().unwrap());
        Self { child, channel: ours, messages, address }
    }

    /// Sends a message of any type.
    pub(crate) fn send(&mut self, message: &Value) {
        self.send_bytes(format!("{message}\n").as_bytes());
    }

    /// Sends bytes that need not be a message.
    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) {
        self.channel.write_all(bytes).unwrap();
    }

    /// The next message.
    pub(crate) fn recv(&mut self) -> Value {
        let mut line = String::new();
        self.messages.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    /// A socket without a line.
    pub(crate) fn open_socket(&self) -> Client {
        let host = self.address.to_string();
        Client::open(self.address, &host, &format!("http://{host}"))
    }

    /// Closes the channel, and expects the server to end with code 0.
    pub(crate) fn stop(&mut self) {
        self.channel.shutdown(Shutdown::Write).unwrap();
        // Unread messages would reset the channel.
        std::io::copy(&mut self.messages, &mut std::io::sink()).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
    }
}

impl Drop for ControlledServe {
    /// For a test that failed.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
