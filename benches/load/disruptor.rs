//! A participant that disturbs the room. It is not one of the measured clients, and what it receives
//! is not compared.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use chattrace::seal::BoxHead;
use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::RcvBuf;

use super::client::{Client, ClientState};
use super::frame::{FrameParser, Opcode, write_client_frame};
use super::message::{self, Protocol};
use super::target::Target;

/// The shortest interval between two actions, so that the disruptor does not slow the load itself.
const ACTION_INTERVAL: Duration = Duration::from_millis(1);

/// A slow reader reads this much at this interval: a phone at the edge of its network.
const SLOW_READ_BYTES: usize = 1024;
const SLOW_READ_INTERVAL: Duration = Duration::from_millis(50);

/// The receive buffer of the kernel. The smaller it is, the sooner the server has to wait.
const RECV_BUFFER_BYTES: usize = 16 * 1024;

/// Messages per second of a flood: five thousand times the limit.
const FLOOD_PER_SECOND: f64 = 10_000.0;

/// For the admission to the room.
const JOIN_TIMEOUT: Duration = Duration::from_secs(10);

/// What a disruptor does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disruption {
    ReadsNothing,
    ReadsSlowly,
    /// Sends ten thousand messages per second and reads the responses.
    Floods,
}

/// A participant that disturbs the room.
#[derive(Debug)]
pub(crate) struct Disruptor {
    /// Its number in the room.
    pub(crate) n: u64,
    disruption: Disruption,
    stream: TcpStream,
    /// The sender's index in its messages.
    sender: usize,
    /// Messages sent so far.
    pub(crate) sent: u64,
    outbox: Vec<u8>,
    start: Option<Instant>,
    last_action: Instant,
    buffer: Vec<u8>,
    /// Everything received, which is searched afterwards; empty for a flood, which receives too much.
    received: Vec<u8>,
}

/// An open room has no boxes.
const NO_HEAD: BoxHead = BoxHead { generation: 0, number: 0, counter: 0 };

impl Disruptor {
    /// Joins the room as this sender.
    ///
    /// # Errors
    /// When it is not admitted.
    pub(crate) fn join(
        target: &Target,
        disruption: Disruption,
        sender: usize,
    ) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("the disruptor cannot join: {error}");
        let stream = TcpStream::connect(target.address).map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        stream.set_read_timeout(Some(JOIN_TIMEOUT)).map_err(failed)?;
        setsockopt(&stream, RcvBuf, &RECV_BUFFER_BYTES).map_err(|error| failed(error.into()))?;
        let mut client = Client::new(stream, target.handshake().as_bytes());
        client.flush()?;
        let mut buffer = vec![0; 64 * 1024];
        let mut frames = FrameParser::default();
        while client.state < ClientState::Joined {
            let length = client.read(&mut buffer).filter(|length| *length > 0);
            let mut bytes = &buffer[..length.ok_or("the disruptor was not admitted")?];
            if client.state == ClientState::Handshaking {
                client.handshake(&mut bytes, Protocol::Room)?;
                if client.state == ClientState::Upgraded {
                    client.state = ClientState::Joining;
                    let join = target.join("Guest");
                    write_client_frame(Opcode::Text, join.as_bytes(), client.outbox());
                    client.flush()?;
                }
            }
            while let Some(chunk) = frames.next(&mut bytes)? {
                client.handle_text(chunk.payload, chunk.is_last)?;
            }
        }
        let Client { stream, n, .. } = client;
        stream.set_nonblocking(true).map_err(failed)?;
        Ok(Self {
            n,
            disruption,
            stream,
            sender,
            sent: 0,
            outbox: Vec::new(),
            start: None,
            last_action: Instant::now(),
            buffer,
            received: Vec::new(),
        })
    }

    /// Acts, if its interval has passed.
    ///
    /// # Errors
    /// When the server closes the connection.
    pub(crate) fn act(&mut self) -> Result<(), String> {
        let interval = match self.disruption {
            Disruption::ReadsSlowly => SLOW_READ_INTERVAL,
            Disruption::ReadsNothing | Disruption::Floods => ACTION_INTERVAL,
        };
        if self.last_action.elapsed() < interval {
            return Ok(());
        }
        self.last_action = Instant::now();
        match self.disruption {
            Disruption::ReadsNothing => Ok(()),
            Disruption::ReadsSlowly => self.read(SLOW_READ_BYTES).map(drop),
            Disruption::Floods => {
                while self.read(self.buffer.len())? {}
                self.flood()
            }
        }
    }

    /// Reads once, at most `max_bytes`; true if there may be more.
    fn read(&mut self, max_bytes: usize) -> Result<bool, String> {
        match self.stream.read(&mut self.buffer[..max_bytes]) {
            Ok(0) => Err("the disruptor was disconnected".to_owned()),
            Ok(length) => {
                if self.disruption != Disruption::Floods {
                    self.received.extend_from_slice(&self.buffer[..length]);
                }
                Ok(length == max_bytes)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(format!("the disruptor was disconnected: {error}")),
        }
    }

    /// Reads everything there is and returns the number of messages received: far fewer than were
    /// sent, if all buffers on the way were full.
    ///
    /// # Errors
    /// When the server has closed the connection.
    pub(crate) fn received(&mut self) -> Result<u64, String> {
        const SAID: &[u8] = b"{\"t\":\"said\"";
        while self.read(self.buffer.len())? {}
        let lines = self.received.windows(SAID.len());
        Ok(lines.filter(|line| *line == SAID).count() as u64)
    }

    fn flood(&mut self) -> Result<(), String> {
        let start = *self.start.get_or_insert_with(Instant::now);
        let due = (start.elapsed().as_secs_f64() * FLOOD_PER_SECOND) as u64;
        // New messages only when the server has taken the ones before.
        if self.outbox.is_empty() {
            while self.sent < due {
                let text = message::text(self.sender, self.sent);
                Protocol::Room.encode(NO_HEAD, &text, &mut self.outbox);
                self.sent += 1;
            }
        }
        match self.stream.write(&self.outbox) {
            Ok(sent) => drop(self.outbox.drain(..sent)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(format!("the disruptor was disconnected: {error}")),
        }
        Ok(())
    }
}
