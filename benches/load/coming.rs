//! How participants come, and how they are brought into step.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};

use super::frame::{Opcode, client_frame};
use super::message::MESSAGE_BYTES;
use super::order::Order;
use super::receiver::{GO, READY, Receiver, Stage};
use super::{BUFFER_BYTES, EVENTS, Load, STALLED, Target};

/// Between two texts by which is found out who hears, and what is added to that for each receiver:
/// more than any server here takes for it, or they would pile up.
const CALL_EVERY: Duration = Duration::from_millis(20);
const CALL_EACH: Duration = Duration::from_micros(30);

/// Connections that are opened at a time: below the 128 that may wait at most servers.
const WAVE: usize = 100;

/// How participants come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coming {
    /// Each as fast as it can.
    AtOnce,
    /// First they connect, a wave at a time; then all of them join. The others are told of each who
    /// joins, a square of deliveries, in fewer batches if many join together.
    InTurn,
}

impl Load {
    /// Lets `count` participants in.
    ///
    /// # Errors
    /// When one of them is not let in.
    pub(crate) fn connect(target: &Target, count: usize, coming: Coming) -> Result<Self, String> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC);
        let mut load = Self {
            target: target.clone(),
            epoll: epoll.map_err(|error| format!("no epoll: {error}"))?,
            events: vec![EpollEvent::empty(); EVENTS],
            buffer: vec![0; BUFFER_BYTES],
            receivers: Vec::with_capacity(count),
            order: Order::new(target.dialect, count),
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
    pub(super) fn join(&mut self, number: usize) -> Result<(), String> {
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
                self.target.dialect.say(&text, self.receivers[0].outbox());
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
}
