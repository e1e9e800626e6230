//! Somebody in the room who disturbs: not one of the receivers, and not compared.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::RcvBuf;

use super::frame::{Frames, Opcode, client_frame};
use super::message::{self, Dialect};
use super::receiver::Receiver;
use super::{Stage, Target};

/// What a disturber does at most once in this time, so that it does not disturb the load itself.
const EVERY: Duration = Duration::from_millis(1);

/// Who reads slowly takes this much, this often: a phone at the edge of its network.
const SIP_BYTES: usize = 1024;
const SIP_EVERY: Duration = Duration::from_millis(50);

/// What the kernel takes for a guest: the less, the sooner the server has to wait.
const BUFFER_BYTES: usize = 16 * 1024;

/// Messages per second of somebody who floods: five thousand times what is allowed.
const FLOOD: f64 = 10_000.0;

/// How long somebody waits to be let in.
const PATIENCE: Duration = Duration::from_secs(10);

/// How somebody disturbs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manners {
    /// Reads nothing.
    Deaf,
    /// Reads less than there is.
    Slow,
    /// Says ten thousand messages per second, and reads the answers.
    Floods,
}

/// Somebody who disturbs.
#[derive(Debug)]
pub(crate) struct Guest {
    /// The number in the room.
    pub(crate) n: u64,
    manners: Manners,
    stream: TcpStream,
    /// The index under which it says something.
    sender: usize,
    /// Messages so far.
    pub(crate) said: u64,
    outbox: Vec<u8>,
    start: Option<Instant>,
    last: Instant,
    buffer: Vec<u8>,
    /// What it has read, to be looked through afterwards; of one who floods, too much to be kept.
    heard: Vec<u8>,
}

impl Guest {
    /// Lets one in, who speaks as this sender.
    ///
    /// # Errors
    /// When it is not let in.
    pub(crate) fn join(target: &Target, manners: Manners, sender: usize) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("a guest cannot join: {error}");
        let stream = TcpStream::connect(target.address).map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        stream.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
        setsockopt(&stream, RcvBuf, &BUFFER_BYTES).map_err(|error| failed(error.into()))?;
        let mut guest = Receiver::new(stream, target.handshake().as_bytes());
        guest.flush()?;
        let mut buffer = vec![0; 64 * 1024];
        let mut frames = Frames::default();
        while guest.stage < Stage::Lobby {
            let length = guest.read(&mut buffer).filter(|length| *length > 0);
            let mut bytes = &buffer[..length.ok_or("a guest was not let in")?];
            if guest.stage == Stage::Shaking {
                guest.shake(&mut bytes, Dialect::Room)?;
                if guest.stage == Stage::Shaken {
                    guest.stage = Stage::Welcomed;
                    let join = target.join("Guest");
                    client_frame(Opcode::Text, join.as_bytes(), guest.outbox());
                    guest.flush()?;
                }
            }
            while let Some(piece) = frames.next(&mut bytes)? {
                guest.listen(piece.payload, piece.is_last)?;
            }
        }
        let Receiver { stream, n, .. } = guest;
        stream.set_nonblocking(true).map_err(failed)?;
        let (outbox, last) = (Vec::new(), Instant::now());
        Ok(Self {
            n,
            manners,
            stream,
            sender,
            said: 0,
            outbox,
            start: None,
            last,
            buffer,
            heard: Vec::new(),
        })
    }

    /// Disturbs, if it is time.
    ///
    /// # Errors
    /// When it is thrown out.
    pub(crate) fn disturb(&mut self) -> Result<(), String> {
        let every = if self.manners == Manners::Slow { SIP_EVERY } else { EVERY };
        if self.last.elapsed() < every {
            return Ok(());
        }
        self.last = Instant::now();
        match self.manners {
            Manners::Deaf => Ok(()),
            Manners::Slow => self.read(SIP_BYTES).map(drop),
            Manners::Floods => {
                while self.read(self.buffer.len())? {}
                self.flood()
            }
        }
    }

    /// Reads once; whether there was anything.
    fn read(&mut self, most: usize) -> Result<bool, String> {
        match self.stream.read(&mut self.buffer[..most]) {
            Ok(0) => Err("the guest was cut off".to_owned()),
            Ok(length) => {
                if self.manners != Manners::Floods {
                    self.heard.extend_from_slice(&self.buffer[..length]);
                }
                Ok(length == most)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(format!("the guest was cut off: {error}")),
        }
    }

    /// Reads what has come so far, and says how many messages that is: far fewer than were said, if
    /// all buffers on the way were full.
    ///
    /// # Errors
    /// When it was cut off instead.
    pub(crate) fn got(&mut self) -> Result<u64, String> {
        const SAID: &[u8] = b"{\"t\":\"said\"";
        while self.read(self.buffer.len())? {}
        let lines = self.heard.windows(SAID.len());
        Ok(lines.filter(|line| *line == SAID).count() as u64)
    }

    fn flood(&mut self) -> Result<(), String> {
        let start = *self.start.get_or_insert_with(Instant::now);
        let due = (start.elapsed().as_secs_f64() * FLOOD) as u64;
        // What the server does not take is not said again.
        if self.outbox.is_empty() {
            while self.said < due {
                let text = message::text(self.sender, self.said);
                Dialect::Room.say(&text, &mut self.outbox);
                self.said += 1;
            }
        }
        match self.stream.write(&self.outbox) {
            Ok(sent) => drop(self.outbox.drain(..sent)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(format!("the guest was cut off: {error}")),
        }
        Ok(())
    }
}
