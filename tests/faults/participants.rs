//! Fifty participants: most of them read, and write now and then; some never read.

use std::net::TcpStream;
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{self, Message, WebSocket};

use crate::harness::DEADLINE;

const READERS: usize = 40;
const NON_READERS: usize = 10;
/// Pause between two messages. The readers take turns, so each stays far below its limit of two
/// messages a second.
const MESSAGE_INTERVAL_MS: u8 = 25;

type Socket = WebSocket<TcpStream>;

/// Participants that stay until this is dropped, or until the room closes their sockets.
pub(crate) struct Participants {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Participants {
    /// Returns when all of them are in the room.
    pub(crate) fn join(address: &str, ticket: &str) -> Self {
        let join = |number| join(address, ticket, &format!("guest {number}"));
        let non_readers: Vec<Socket> = (0..NON_READERS).map(join).collect();
        let readers: Vec<Socket> = (NON_READERS..NON_READERS + READERS).map(join).collect();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            chat(readers, &stopped);
            drop(non_readers);
        });
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Participants {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn join(address: &str, ticket: &str, name: &str) -> Socket {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut request = format!("ws://{address}/ws").into_client_request().unwrap();
    request.headers_mut().insert("origin", format!("http://{address}").parse().unwrap());
    let (mut socket, _) = tungstenite::client(request, stream).unwrap();
    let join = json!({ "t": "join", "name": name, "ticket": ticket });
    socket.send(Message::text(join.to_string())).unwrap();
    loop {
        let frame = socket.read().unwrap();
        let text = frame.into_text().unwrap();
        let mut lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        if lines.any(|line| line["t"] == "welcome") {
            socket.get_ref().set_nonblocking(true).unwrap();
            return socket;
        }
        assert!(!text.contains("\"refused\""), "{name} was refused: {text}");
    }
}

/// Reads from every socket, and sends from one after the other, until `stop` is set or the room has
/// closed every socket.
fn chat(mut sockets: Vec<Socket>, stop: &AtomicBool) {
    let mut sent = 0;
    while !sockets.is_empty() && !stop.load(Ordering::Relaxed) {
        let mut polled: Vec<PollFd<'_>> = sockets
            .iter()
            .map(|socket| PollFd::new(socket.get_ref().as_fd(), PollFlags::POLLIN))
            .collect();
        let timeout = PollTimeout::from(MESSAGE_INTERVAL_MS);
        if poll(&mut polled, timeout).is_ok_and(|ready| ready > 0) {
            sockets.retain_mut(is_open_after_reading);
        } else {
            sent += 1;
            let sender = sent % sockets.len();
            let say = json!({ "t": "say", "body": format!("this is word {sent}") });
            // A socket that is full or closed is handled by the next read.
            let _ = sockets[sender].send(Message::text(say.to_string()));
        }
    }
}

fn is_open_after_reading(socket: &mut Socket) -> bool {
    loop {
        match socket.read() {
            Ok(_) => {}
            Err(tungstenite::Error::Io(error))
                if error.kind() == std::io::ErrorKind::WouldBlock =>
            {
                return true;
            }
            Err(_) => return false,
        }
    }
}
