//! The load: participants of a room, on one thread, over real WebSockets, who check everything that
//! they get.
//!
//! It must cost less than any server, or it would measure itself: one epoll, edge-triggered, one
//! large buffer for all, frames parsed where they lie, and no allocation per message.

mod frame;
mod guest;
mod message;
mod order;
mod pace;
mod polls;
mod receiver;
mod saturate;

use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use frame::{Opcode, client_frame};
use order::Order;
use receiver::{GO, READY, Receiver, Stage};

pub(crate) use guest::{Guest, Manners};
pub(crate) use message::{Dialect, MESSAGE_BYTES};
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

/// Between two texts by which is found out who hears, and what is added to that for each receiver:
/// more than any server here takes for it, or they would pile up.
const CALL_EVERY: Duration = Duration::from_millis(20);
const CALL_EACH: Duration = Duration::from_micros(30);

/// Connections that are opened at a time: below the 128 that may wait at most servers.
const WAVE: usize = 100;

/// Where to connect, and how to get in.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    /// Of a room of chattrace.
    pub(crate) ticket: Option<String>,
}

impl Target {
    /// How this server is spoken to.
    pub(crate) fn dialect(&self) -> Dialect {
        if self.ticket.is_some() { Dialect::Room } else { Dialect::Relay }
    }

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

/// How participants come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coming {
    /// Each as fast as it can.
    AtOnce,
    /// First they connect, a wave at a time; then all of them join. The others are told of each who
    /// joins, a square of deliveries, in fewer batches if many join together.
    InTurn,
}

/// Participants, and what they know.
#[derive(Debug)]
pub(crate) struct Load {
    target: Target,
    dialect: Dialect,
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
    /// Lets `count` participants in.
    ///
    /// # Errors
    /// When one of them is not let in.
    pub(crate) fn connect(target: &Target, count: usize, coming: Coming) -> Result<Self, String> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC);
        let dialect = target.dialect();
        let mut load = Self {
            target: target.clone(),
            dialect,
            epoll: epoll.map_err(|error| format!("no epoll: {error}"))?,
            events: vec![EpollEvent::empty(); EVENTS],
            buffer: vec![0; BUFFER_BYTES],
            receivers: Vec::with_capacity(count),
            order: Order::new(dialect, count),
            start: Instant::now(),
            dirty: Vec::new(),
            coming,
            is_ending: false,
        };
        match coming {
            Coming::AtOnce => {
                for _ in 0..count {
                    load.open()?;
                }
            }
            Coming::InTurn => {
                while load.receivers.len() < count {
                    for _ in 0..WAVE.min(count - load.receivers.len()) {
                        load.open()?;
                    }
                    load.until("got no answer to the handshake", Stage::Shaking)?;
                }
                for number in 0..count {
                    load.join(number)?;
                }
            }
        }
        load.until("was not let in", Stage::Welcomed)?;
        Ok(load)
    }

    /// Lets one who has shaken hands say who it is, if that is asked for.
    fn join(&mut self, number: usize) -> Result<(), String> {
        let receiver = &mut self.receivers[number];
        if receiver.stage == Stage::Shaken {
            receiver.stage = Stage::Welcomed;
            let join = self.target.join(&format!("P{number}"));
            client_frame(Opcode::Text, join.as_bytes(), receiver.outbox());
            self.dirty.push(number);
        }
        Ok(())
    }

    fn open(&mut self) -> Result<(), String> {
        let number = self.receivers.len();
        let failed =
            |error: &dyn std::fmt::Display| format!("receiver {number} cannot connect: {error}");
        let stream = TcpStream::connect(self.target.address).map_err(|error| failed(&error))?;
        stream.set_nodelay(true).map_err(|error| failed(&error))?;
        stream.set_nonblocking(true).map_err(|error| failed(&error))?;
        let flags = EpollFlags::EPOLLIN | EpollFlags::EPOLLRDHUP | EpollFlags::EPOLLET;
        let event = EpollEvent::new(flags, number as u64);
        self.epoll.add(&stream, event).map_err(|error| failed(&error))?;
        let mut receiver = Receiver::new(stream, self.target.handshake().as_bytes());
        receiver.flush()?;
        self.receivers.push(receiver);
        Ok(())
    }

    /// Brings everybody to the same place, from which everything is compared. `guests` are the
    /// numbers in the room of others who may speak, and be refused.
    ///
    /// # Errors
    /// When somebody hears nothing.
    pub(crate) fn settle(&mut self, guests: &[u64]) -> Result<(), String> {
        self.call(READY, Stage::Ready)?;
        self.call(GO, Stage::InStep)?;
        for receiver in &self.receivers {
            self.order.add(receiver.n, false);
        }
        for guest in guests {
            self.order.add(*guest, true);
        }
        Ok(())
    }

    /// Says a text, again and again if it is [`READY`], until everybody is at this stage by it.
    fn call(&mut self, mark: &[u8], stage: Stage) -> Result<(), String> {
        let started = Instant::now();
        let receivers = u32::try_from(self.receivers.len()).unwrap_or(u32::MAX);
        let every = CALL_EVERY + CALL_EACH * receivers;
        loop {
            let mut text = vec![b'.'; MESSAGE_BYTES - 1 - mark.len()];
            text.extend(mark);
            if mark == READY || started.elapsed() < every {
                self.dialect.say(&text, self.receivers[0].outbox());
                self.dirty.push(0);
            }
            let called = Instant::now();
            while called.elapsed() < every {
                self.flush()?;
                self.pump(5)?;
                if self.receivers.iter().all(|receiver| receiver.stage == stage) {
                    return Ok(());
                }
            }
            if started.elapsed() > 6 * STALLED {
                let deaf = self.receivers.iter().position(|receiver| receiver.stage != stage);
                let deaf = deaf.unwrap_or_default();
                return Err(format!("receiver {deaf} hears nothing"));
            }
        }
    }

    /// Pumps until nobody is at this stage, or an earlier one.
    fn until(&mut self, what: &str, stage: Stage) -> Result<(), String> {
        let mut last = Instant::now();
        // Whoever is past it stays past it.
        let mut first = 0;
        loop {
            while self.receivers.get(first).is_some_and(|one| one.stage > stage) {
                first += 1;
            }
            if first == self.receivers.len() {
                return Ok(());
            }
            self.flush()?;
            if self.pump(100)? > 0 {
                last = Instant::now();
            } else if last.elapsed() > 2 * STALLED {
                return Err(format!("receiver {first} {what}"));
            }
        }
    }

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
            receiver.shake(&mut bytes, self.dialect)?;
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
        self.dialect.say(&text, receiver.outbox());
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
