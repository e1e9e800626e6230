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
use crate::member::{Knocking, Member, request};
use crate::plan::Mode;

const READERS: usize = 40;
const NON_READERS: usize = 10;
/// Pause between two messages. The readers take turns, so each stays far below its limit of two
/// messages a second.
const MESSAGE_INTERVAL_MS: u8 = 25;

/// One participant.
struct Participant {
    socket: WebSocket<TcpStream>,
    /// In a sealed room only.
    member: Option<Member>,
}

/// Participants that stay until this is dropped, or until the room closes their sockets.
pub(crate) struct Participants {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Participants {
    /// Returns when all of them are in the room.
    pub(crate) fn join(address: &str, ticket: &str, mode: Mode) -> Self {
        let join = |number| join(address, ticket, mode, &format!("guest {number}"));
        let non_readers: Vec<Participant> = (0..NON_READERS).map(join).collect();
        let readers: Vec<Participant> = (NON_READERS..NON_READERS + READERS).map(join).collect();
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

fn join(address: &str, ticket: &str, mode: Mode, name: &str) -> Participant {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut handshake = format!("ws://{address}/ws").into_client_request().unwrap();
    handshake.headers_mut().insert("origin", format!("http://{address}").parse().unwrap());
    let (mut socket, _) = tungstenite::client(handshake, stream).unwrap();
    let member = match mode {
        Mode::Open => {
            send(&mut socket, &json!({ "t": "join", "name": name, "ticket": ticket }));
            wait(&mut socket, "welcome");
            None
        }
        Mode::Sealed => {
            let knocking = Knocking::new(ticket);
            send(&mut socket, &knocking.line());
            let (answer, _) = wait(&mut socket, "answer");
            let answered = knocking.answered(&answer).unwrap();
            let (applicant, line) = request(answered, name);
            send(&mut socket, &line);
            let (welcome, more) = wait(&mut socket, "welcome");
            let mut member = Member::welcomed(applicant, &welcome).unwrap();
            more.iter().for_each(|line| drop(member.receive(line)));
            Some(member)
        }
    };
    socket.get_ref().set_nonblocking(true).unwrap();
    Participant { socket, member }
}

fn send(socket: &mut WebSocket<TcpStream>, line: &Value) {
    socket.send(Message::text(line.to_string())).unwrap();
}

/// The next line of this kind, and those that came in one frame with it.
fn wait(socket: &mut WebSocket<TcpStream>, kind: &str) -> (Value, Vec<Value>) {
    loop {
        let text = socket.read().unwrap().into_text().unwrap();
        let mut lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        if let Some(line) = lines.find(|line| line["t"] == kind) {
            return (line, lines.collect());
        }
        assert!(!text.contains("\"refused\""), "refused: {text}");
    }
}

/// Reads from every socket, and sends from one after the other, until `stop` is set or the room has
/// closed every socket.
fn chat(mut people: Vec<Participant>, stop: &AtomicBool) {
    let mut sent = 0;
    while !people.is_empty() && !stop.load(Ordering::Relaxed) {
        let mut polled: Vec<PollFd<'_>> = people
            .iter()
            .map(|person| PollFd::new(person.socket.get_ref().as_fd(), PollFlags::POLLIN))
            .collect();
        let timeout = PollTimeout::from(MESSAGE_INTERVAL_MS);
        if poll(&mut polled, timeout).is_ok_and(|ready| ready > 0) {
            people.retain_mut(Participant::is_open_after_reading);
        } else {
            sent += 1;
            let sender = sent % people.len();
            people[sender].say(&format!("this is word {sent}"));
        }
    }
}

impl Participant {
    fn say(&mut self, text: &str) {
        let line = match &mut self.member {
            // Nothing is sealed while a generation is missing.
            Some(member) if member.guest.is_behind() => return,
            Some(member) => member.say(text),
            None => json!({ "t": "say", "body": text }),
        };
        // A socket that is full or closed is handled by the next read.
        let _ = self.socket.send(Message::text(line.to_string()));
    }

    fn is_open_after_reading(&mut self) -> bool {
        loop {
            match self.socket.read() {
                Ok(Message::Text(text)) => {
                    if let Some(member) = &mut self.member {
                        let lines = text.lines().filter_map(|line| serde_json::from_str(line).ok());
                        lines.for_each(|line: Value| drop(member.receive(&line)));
                    }
                }
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
}
