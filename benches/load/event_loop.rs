//! The event loop of all clients.
//!
//! It has to cost less than any server, or it would measure itself: one edge-triggered epoll, one
//! large buffer for all clients, frames parsed in place, and no allocation per message.

use std::time::{Duration, Instant};

use nix::sys::epoll::{Epoll, EpollEvent, EpollFlags, EpollTimeout};

use super::client::{Client, ClientState};
use super::delivery_log::DeliveryLog;
use super::frame::{Opcode, write_client_frame};
use super::message::{self, Protocol};
use super::sealed::SealedJoin;
use super::target::Target;

/// The buffer of a read: more than a server may write to one client between two reads.
pub(super) const BUFFER_BYTES: usize = 256 * 1024;

/// Events taken in one call of epoll_wait(2).
pub(super) const EVENTS: usize = 1024;

/// When nothing arrives for so long, a message is lost.
pub(super) const STALL_TIMEOUT: Duration = Duration::from_secs(5);

/// The wait for messages that must not arrive. A delivery takes well below a millisecond.
const QUIET_PERIOD: Duration = Duration::from_millis(20);

/// How clients arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// Each client connects and joins as soon as it can.
    AtOnce,
    /// All clients connect, a wave at a time; then all join. A server announces each join to all
    /// others, which is a quadratic number of deliveries, in fewer batches when joins come together.
    InWaves,
    /// As [`Arrival::AtOnce`]; the server may have them wait, or refuse them.
    Knocking,
}

/// All clients of one server, and the log of what they received.
#[derive(Debug)]
pub(crate) struct Load {
    pub(super) target: Target,
    pub(super) epoll: Epoll,
    pub(super) events: Vec<EpollEvent>,
    pub(super) buffer: Vec<u8>,
    pub(super) clients: Vec<Client>,
    pub(super) log: DeliveryLog,
    /// The zero of all times in nanoseconds.
    pub(super) epoch: Instant,
    /// Clients with a filled outbox.
    pub(super) unsent: Vec<usize>,
    pub(super) arrival: Arrival,
    /// The names of the first clients; the others are numbered.
    pub(super) names: Vec<String>,
    /// The server is ending, so a closed connection is no failure.
    pub(super) server_is_ending: bool,
}

impl Load {
    /// Waits up to this many milliseconds for events and handles them; returns their number.
    pub(super) fn poll_events(&mut self, timeout: u16) -> Result<usize, String> {
        let timeout = if self.unsent.is_empty() { timeout } else { timeout.min(1) };
        let ready = match self.epoll.wait(&mut self.events, EpollTimeout::from(timeout)) {
            Ok(ready) => ready,
            Err(nix::errno::Errno::EINTR) => 0,
            Err(error) => return Err(format!("epoll: {error}")),
        };
        for at in 0..ready {
            let event = self.events[at];
            let number = usize::try_from(event.data()).unwrap_or_default();
            let closed = EpollFlags::EPOLLRDHUP | EpollFlags::EPOLLHUP | EpollFlags::EPOLLERR;
            let read = self.read(number, event.events().intersects(closed));
            if !self.server_is_ending {
                read?;
            }
        }
        Ok(ready)
    }

    /// Reads from a client until its socket is empty. A short read says so as well, unless the end of
    /// the stream follows it.
    fn read(&mut self, number: usize, is_closed: bool) -> Result<(), String> {
        while let Some(length) = self.clients[number].read(&mut self.buffer) {
            if length == 0 {
                let client = &mut self.clients[number];
                let was_closed = client.state == ClientState::Closed;
                client.state = ClientState::Closed;
                let reason = client.close_reason();
                // Epoll would report the socket as ready for as long as its descriptor is open.
                let _ = self.epoll.delete(&client.stream);
                return if was_closed { Ok(()) } else { Err(format!("client {number} {reason}")) };
            }
            self.handle_bytes(number, length).map_err(|why| {
                if why.starts_with("client") { why } else { format!("client {number}: {why}") }
            })?;
            if length < self.buffer.len() && !is_closed {
                break;
            }
        }
        Ok(())
    }

    /// Handles the first `length` bytes of the buffer, which a client has read.
    fn handle_bytes(&mut self, number: usize, length: usize) -> Result<(), String> {
        let now = if self.log.latencies.is_some() { self.now() } else { 0 };
        let client = &mut self.clients[number];
        let mut bytes = &self.buffer[..length];
        if client.state == ClientState::Handshaking {
            client.handshake(&mut bytes, self.target.protocol)?;
            match client.state {
                ClientState::Handshaking => return Ok(()),
                ClientState::Upgraded if self.arrival != Arrival::InWaves => {
                    return self.join(number);
                }
                ClientState::Upgraded
                | ClientState::Joining
                | ClientState::Waiting
                | ClientState::Joined
                | ClientState::Ready
                | ClientState::Counting
                | ClientState::Closed => {}
            }
        }
        while let Some(chunk) = client.frames.next(&mut bytes)? {
            match chunk.opcode {
                Opcode::Text if client.state == ClientState::Counting => {
                    self.log.receive(number, &mut client.cursor, chunk.payload, now)?;
                }
                Opcode::Text => client.handle_text(chunk.payload, chunk.is_last)?,
                Opcode::Ping | Opcode::Pong | Opcode::Close => {
                    client.handle_control(chunk.opcode, chunk.payload, chunk.is_last)?;
                    let is_expected = self.server_is_ending || client.may_be_closed;
                    if client.was_closed_by_server() && !is_expected {
                        return Err(client.close_reason());
                    }
                }
            }
        }
        Ok(())
    }

    /// Nanoseconds since the epoch of this load; never 0.
    pub(super) fn now(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_nanos()).unwrap_or(u64::MAX).max(1)
    }

    /// Queues the join of a client whose handshake is complete; a yardstick needs none.
    pub(super) fn join(&mut self, number: usize) -> Result<(), String> {
        let client = &mut self.clients[number];
        if client.state == ClientState::Upgraded {
            client.state = ClientState::Joining;
            let name = self.names.get(number).cloned().unwrap_or_else(|| format!("P{number}"));
            let join = match self.target.protocol {
                Protocol::SealedRoom => {
                    let ticket = self.target.ticket.as_deref().unwrap_or_default();
                    let (join, knock) = SealedJoin::knock(ticket, name)?;
                    client.skips_welcome = self.arrival != Arrival::InWaves;
                    client.reads_lines = true;
                    client.sealed_join = Some(join);
                    knock
                }
                Protocol::Relay | Protocol::PaddedRelay | Protocol::Room => self.target.join(&name),
            };
            write_client_frame(Opcode::Text, join.as_bytes(), client.outbox());
            self.unsent.push(number);
        }
        Ok(())
    }

    /// Queues the next message of a client.
    pub(super) fn queue_message(&mut self, sender: usize) {
        let client = &mut self.clients[sender];
        let text = message::text(sender, client.counter);
        client.counter += 1;
        client.head.counter += 1;
        self.target.protocol.encode(client.head, &text, client.outbox());
        self.unsent.push(sender);
    }

    /// Writes all outboxes. What the kernel does not take is tried again in the next turn.
    pub(super) fn flush(&mut self) -> Result<(), String> {
        let mut kept = 0;
        for at in 0..self.unsent.len() {
            let number = self.unsent[at];
            let flushed = self.clients[number].flush();
            if !flushed.map_err(|why| format!("client {number} {why}"))? {
                self.unsent[kept] = number;
                kept += 1;
            }
        }
        self.unsent.truncate(kept);
        Ok(())
    }

    /// Continues until all clients have received everything, and then for a period in which nothing
    /// may arrive.
    pub(super) fn drain(&mut self) -> Result<(), String> {
        let (mut last, mut before) = (Instant::now(), self.log.deliveries);
        while !self.is_complete() {
            self.flush()?;
            self.poll_events(10)?;
            if self.log.deliveries > before {
                (last, before) = (Instant::now(), self.log.deliveries);
            } else if last.elapsed() > STALL_TIMEOUT {
                return Err(self.missing());
            }
        }
        let quiet = Instant::now();
        while quiet.elapsed() < QUIET_PERIOD {
            self.poll_events(5)?;
        }
        if self.is_complete() { Ok(()) } else { Err(self.missing()) }
    }

    /// Whether all clients have received every message that was sent.
    pub(super) fn is_complete(&self) -> bool {
        let mut clients = self.clients.iter().enumerate();
        self.log.is_even()
            && clients.all(|(at, client)| self.log.received_from(at) == client.counter)
    }

    /// Messages sent by all clients.
    pub(crate) fn sent(&self) -> u64 {
        self.clients.iter().map(|client| client.counter).sum()
    }

    pub(super) fn missing(&self) -> String {
        self.log.missing(self.clients.iter().map(|client| &client.cursor))
    }

    /// Keeps reading, as browsers do, until the server has ended.
    ///
    /// # Errors
    /// When a client was disconnected without a close frame.
    pub(crate) fn wait_for_close(
        &mut self,
        mut has_ended: impl FnMut() -> bool,
    ) -> Result<(), String> {
        self.server_is_ending = true;
        while !has_ended() {
            self.poll_events(1)?;
        }
        // What the kernel still has.
        self.poll_events(0)?;
        match self.clients.iter().position(|client| !client.was_closed_by_server()) {
            Some(number) => Err(format!("client {number} got no close frame")),
            None => Ok(()),
        }
    }
}
