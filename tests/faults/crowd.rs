//! Fifty participants: most read and talk a little, some never read what they are sent.

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
const DEAF: usize = 10;
/// One of them speaks at each turn, so each far below the two messages a second that it may.
const TURN_MS: u8 = 25;

type Socket = WebSocket<TcpStream>;

/// They stay until this is dropped, or until the room closes their sockets.
pub(crate) struct Crowd {
    stop: Arc<AtomicBool>,
    talk: Option<JoinHandle<()>>,
}

impl Crowd {
    /// Everybody is let in before this returns.
    pub(crate) fn enter(address: &str, ticket: &str) -> Self {
        let join = |number| join(address, ticket, &format!("guest {number}"));
        let deaf: Vec<Socket> = (0..DEAF).map(join).collect();
        let readers: Vec<Socket> = (DEAF..DEAF + READERS).map(join).collect();
        let stop = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&stop);
        let talk = std::thread::spawn(move || {
            talk(readers, &seen);
            drop(deaf);
        });
        Self { stop, talk: Some(talk) }
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(talk) = self.talk.take() {
            let _ = talk.join();
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
        assert!(!text.contains("\"refused\""), "{name} was not let in: {text}");
    }
}

/// Reads whatever comes, and lets one after the other say something, until told to stop or until
/// the room has closed every socket.
fn talk(mut sockets: Vec<Socket>, stop: &AtomicBool) {
    let mut turn = 0;
    while !sockets.is_empty() && !stop.load(Ordering::Relaxed) {
        let mut watched: Vec<PollFd<'_>> = sockets
            .iter()
            .map(|socket| PollFd::new(socket.get_ref().as_fd(), PollFlags::POLLIN))
            .collect();
        let news = poll(&mut watched, PollTimeout::from(TURN_MS)).is_ok_and(|ready| ready > 0);
        if news {
            sockets.retain_mut(is_open_after_reading);
        } else {
            turn += 1;
            let speaker = turn % sockets.len();
            let say = json!({ "t": "say", "body": format!("this is word {turn}") });
            // A socket that takes no more, or is closed, is found by reading.
            let _ = sockets[speaker].send(Message::text(say.to_string()));
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
