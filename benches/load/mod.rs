//! The load: participants of a room, on one thread, over real WebSockets, who check everything that
//! they get.
//!
//! It must cost less than any server, or it would measure itself: one epoll, edge-triggered, one
//! large buffer for all, frames parsed where they lie, and no allocation per message.

mod coming;
mod frame;
mod guest;
mod message;
mod order;
mod pace;
mod polls;
mod receiver;
mod saturate;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use nix::sys::epoll::{Epoll, EpollEvent, EpollFlags, EpollTimeout};

use frame::Opcode;
use order::Order;
use receiver::{Receiver, Stage};

pub(crate) use coming::Coming;
pub(crate) use guest::{Guest, Manners};
pub(crate) use message::Dialect;
pub(crate) use pace::Delays;
pub(crate) use polls::Polls;
pub(crate) use receiver::{ACCEPT, KEY};
pub(crate) use saturate::{Saturation, Window};

/// What one read takes: more than a server may write to one receiver between two looks.
const BUFFER_BYTES: usize = 256 * 1024;

/// Events taken at a time.
const EVENTS: usize = 1024;

/// Nothing has come for so long: something is lost.
const STALLED: Duration = Duration::from_secs(5);

/// Nothing more comes after this, or it would have: a message takes well below a millisecond.
const QUIET: Duration = Duration::from_millis(20);

/// Where to connect, and how to get in.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    /// Of a room of chattrace.
    pub(crate) ticket: Option<String>,
    /// How this server is spoken to.
    pub(crate) dialect: Dialect,
}

impl Target {
    /// The request that asks for a WebSocket.
    pub(crate) fn handshake(&self) -> String {
        let address = self.address;
        format!(
            "GET /ws HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\n\
             Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: {KEY}\r\n\r\n"
        )
    }

    /// The line by which a participant comes in.
    pub(crate) fn join(&self, name: &str) -> String {
        let ticket = self.ticket.as_deref().unwrap_or_default();
        format!("{{\"t\":\"join\",\"name\":\"{name}\",\"ticket\":\"{ticket}\"}}")
    }
}

/// Participants, and what they know.
#[derive(Debug)]
pub(crate) struct Load {
    target: Target,
    epoll: Epoll,
    events: Vec<EpollEvent>,
    buffer: Vec<u8>,
    receivers: Vec<Receiver>,
    order: Order,
    /// The beginning of time, for everything that is counted in nanoseconds.
    start: Instant,
    /// Whoever has something to send.
    dirty: Vec<usize>,
    coming: Coming,
    /// The server is ending: whoever is cut off is not amiss.
    is_ending: bool,
}

impl Load {
    /// Waits up to so many milliseconds and takes what came; how many had something.
    fn pump(&mut self, timeout: u16) -> Result<usize, String> {
        let timeout = if self.dirty.is_empty() { timeout } else { timeout.min(1) };
        let ready = match self.epoll.wait(&mut self.events, EpollTimeout::from(timeout)) {
            Ok(ready) => ready,
            Err(nix::errno::Errno::EINTR) => 0,
            Err(error) => return Err(format!("epoll: {error}")),
        };
        for at in 0..ready {
            let event = self.events[at];
            let number = usize::try_from(event.data()).unwrap_or_default();
            let over = EpollFlags::EPOLLRDHUP | EpollFlags::EPOLLHUP | EpollFlags::EPOLLERR;
            let read = self.read(number, event.events().intersects(over));
            if !self.is_ending {
                read?;
            }
        }
        Ok(ready)
    }

    /// Reads from one of them until there is nothing more: until a read was short, unless the end
    /// comes after it.
    fn read(&mut self, number: usize, ends: bool) -> Result<(), String> {
        while let Some(length) = self.receivers[number].read(&mut self.buffer) {
            if length == 0 {
                let receiver = &mut self.receivers[number];
                let left = receiver.stage == Stage::Gone;
                receiver.stage = Stage::Gone;
                let said = receiver.farewell();
                // Epoll forgets it with its last descriptor; until then it stays ready.
                let _ = self.epoll.delete(&receiver.stream);
                return if left { Ok(()) } else { Err(format!("receiver {number} {said}")) };
            }
            self.hear(number, length).map_err(|why| {
                if why.starts_with("receiver") { why } else { format!("receiver {number}: {why}") }
            })?;
            if length < self.buffer.len() && !ends {
                break;
            }
        }
        Ok(())
    }

    /// Takes what one of them has read.
    fn hear(&mut self, number: usize, length: usize) -> Result<(), String> {
        let now = if self.order.delays.is_some() { self.now() } else { 0 };
        let receiver = &mut self.receivers[number];
        let mut bytes = &self.buffer[..length];
        if receiver.stage == Stage::Shaking {
            receiver.shake(&mut bytes, self.target.dialect)?;
            match receiver.stage {
                Stage::Shaking => return Ok(()),
                Stage::Shaken if self.coming == Coming::AtOnce => return self.join(number),
                Stage::Shaken
                | Stage::Welcomed
                | Stage::Lobby
                | Stage::Ready
                | Stage::InStep
                | Stage::Gone => {}
            }
        }
        while let Some(piece) = receiver.frames.next(&mut bytes)? {
            match piece.opcode {
                Opcode::Text if receiver.stage == Stage::InStep => {
                    self.order.accept(number, &mut receiver.place, piece.payload, now)?;
                }
                Opcode::Text => receiver.listen(piece.payload, piece.is_last)?,
                Opcode::Ping | Opcode::Pong | Opcode::Close => {
                    receiver.control(piece.opcode, piece.payload, piece.is_last)?;
                    if receiver.was_sent_away() && !self.is_ending {
                        return Err(receiver.farewell());
                    }
                }
            }
        }
        Ok(())
    }

    /// Nanoseconds since the start; never 0.
    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX).max(1)
    }

    /// Lets one of them say its next message.
    fn say(&mut self, sender: usize) {
        let receiver = &mut self.receivers[sender];
        let text = message::text(sender, receiver.counter);
        receiver.counter += 1;
        self.target.dialect.say(&text, receiver.outbox());
        self.dirty.push(sender);
    }

    /// Writes what is to be sent. What the kernel does not take is tried again after the next look.
    fn flush(&mut self) -> Result<(), String> {
        let mut kept = 0;
        for at in 0..self.dirty.len() {
            let number = self.dirty[at];
            let flushed = self.receivers[number].flush();
            if !flushed.map_err(|why| format!("receiver {number} {why}"))? {
                self.dirty[kept] = number;
                kept += 1;
            }
        }
        self.dirty.truncate(kept);
        Ok(())
    }

    /// Pumps until everybody has everything, and then for a moment in which nothing must come.
    fn drain(&mut self) -> Result<(), String> {
        let (mut last, mut before) = (Instant::now(), self.order.deliveries);
        while !self.is_complete() {
            self.flush()?;
            self.pump(10)?;
            if self.order.deliveries > before {
                (last, before) = (Instant::now(), self.order.deliveries);
            } else if last.elapsed() > STALLED {
                return Err(self.missing());
            }
        }
        let quiet = Instant::now();
        while quiet.elapsed() < QUIET {
            self.pump(5)?;
        }
        if self.is_complete() { Ok(()) } else { Err(self.missing()) }
    }

    /// Whether everybody has everything that was said.
    fn is_complete(&self) -> bool {
        let said = || self.receivers.iter().map(|receiver| receiver.counter);
        self.order.is_even() && said().enumerate().all(|(at, said)| self.order.heard(at) == said)
    }

    /// Messages that were said, by all of them.
    pub(crate) fn said(&self) -> u64 {
        self.receivers.iter().map(|receiver| receiver.counter).sum()
    }

    fn missing(&self) -> String {
        self.order.missing(self.receivers.iter().map(|receiver| &receiver.place))
    }

    /// Keeps reading, as people do, until the server has ended.
    ///
    /// # Errors
    /// When somebody was cut off instead of being sent away.
    pub(crate) fn until_ended(&mut self, mut ended: impl FnMut() -> bool) -> Result<(), String> {
        self.is_ending = true;
        while !ended() {
            self.pump(1)?;
        }
        // What was on the way.
        self.pump(0)?;
        match self.receivers.iter().position(|receiver| !receiver.was_sent_away()) {
            Some(number) => Err(format!("receiver {number} was not told of the end")),
            None => Ok(()),
        }
    }
}
