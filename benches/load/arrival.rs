//! Connecting clients, and the synchronization before messages are counted.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};

use super::client::{Client, ClientState, GO, READY};
use super::delivery_log::DeliveryLog;
use super::event_loop::{Arrival, BUFFER_BYTES, EVENTS, Load, STALL_TIMEOUT};
use super::message::MESSAGE_BYTES;
use super::target::Target;

/// The interval between two [`READY`] messages: a constant, and a part for each client that is more
/// than any server here needs to deliver to one. The messages would otherwise pile up.
const MARK_INTERVAL: Duration = Duration::from_millis(20);
const MARK_INTERVAL_PER_CLIENT: Duration = Duration::from_micros(30);

/// When nothing has arrived for so long, nothing more comes.
const QUIET_PERIOD: Duration = Duration::from_millis(500);

/// Connections opened at a time, below the backlog of 128 that most servers pass to listen(2).
const WAVE: usize = 100;

impl Load {
    /// Connects `count` clients and has them join the room.
    ///
    /// # Errors
    /// When one of them is not admitted.
    pub(crate) fn connect(target: &Target, count: usize, arrival: Arrival) -> Result<Self, String> {
        let mut load = Self::new(target, count, arrival)?;
        match arrival {
            Arrival::AtOnce => {
                for _ in 0..count {
                    load.open()?;
                }
            }
            Arrival::InWaves => {
                while load.clients.len() < count {
                    for _ in 0..WAVE.min(count - load.clients.len()) {
                        load.open()?;
                    }
                    load.wait_past(ClientState::Handshaking, "got no answer to the handshake")?;
                }
                for number in 0..count {
                    load.join(number)?;
                }
            }
        }
        load.wait_past(ClientState::Joining, "was not admitted")?;
        Ok(load)
    }

    fn new(target: &Target, count: usize, arrival: Arrival) -> Result<Self, String> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC);
        Ok(Self {
            target: target.clone(),
            epoll: epoll.map_err(|error| format!("no epoll: {error}"))?,
            events: vec![EpollEvent::empty(); EVENTS],
            buffer: vec![0; BUFFER_BYTES],
            clients: Vec::with_capacity(count),
            log: DeliveryLog::new(target.protocol, count),
            epoch: Instant::now(),
            unsent: Vec::new(),
            arrival,
            server_is_ending: false,
            first_name: None,
        })
    }

    /// Connects one client with this name, whose welcome is not opened.
    ///
    /// # Errors
    /// When it is not admitted.
    pub(crate) fn connect_as(target: &Target, name: &str) -> Result<Self, String> {
        let mut load = Self::new(target, 1, Arrival::AtOnce)?;
        load.first_name = Some(name.to_owned());
        load.open()?;
        load.wait_past(ClientState::Joining, "was not admitted")?;
        Ok(load)
    }

    /// Waits until nothing has arrived for a while.
    ///
    /// # Errors
    /// When a client is disconnected.
    pub(crate) fn wait_quiet(&mut self) -> Result<(), String> {
        let mut last = Instant::now();
        while last.elapsed() < QUIET_PERIOD {
            if self.poll_events(10)? > 0 {
                last = Instant::now();
            }
        }
        Ok(())
    }

    /// Of all clients together: how often one was told of a new generation, and the bytes of those lines.
    pub(crate) fn keys(&self) -> (u64, u64) {
        let keys = self.clients.iter().map(|client| client.keys);
        keys.fold((0, 0), |sum, keys| (sum.0 + keys.0, sum.1 + keys.1))
    }

    /// Waits until the clients were told so often.
    ///
    /// # Errors
    /// When they are not.
    pub(crate) fn wait_keys(&mut self, count: u64) -> Result<(), String> {
        let started = Instant::now();
        while self.keys().0 < count {
            self.poll_events(100)?;
            if started.elapsed() > 6 * STALL_TIMEOUT {
                return Err(format!("{} of {count} letters arrived", self.keys().0));
            }
        }
        Ok(())
    }

    /// Opens the connection of the next client and sends its handshake.
    fn open(&mut self) -> Result<(), String> {
        let number = self.clients.len();
        let failed =
            |error: &dyn std::fmt::Display| format!("client {number} cannot connect: {error}");
        let stream = TcpStream::connect(self.target.address).map_err(|error| failed(&error))?;
        stream.set_nodelay(true).map_err(|error| failed(&error))?;
        stream.set_nonblocking(true).map_err(|error| failed(&error))?;
        let flags = EpollFlags::EPOLLIN | EpollFlags::EPOLLRDHUP | EpollFlags::EPOLLET;
        let event = EpollEvent::new(flags, number as u64);
        self.epoll.add(&stream, event).map_err(|error| failed(&error))?;
        let mut client = Client::new(stream, self.target.handshake().as_bytes());
        client.flush()?;
        self.clients.push(client);
        Ok(())
    }

    /// Brings all clients to the same point of the stream, from which everything is compared.
    /// `disruptors` are the numbers in the room of other senders, whose messages may be refused.
    ///
    /// # Errors
    /// When a client receives nothing.
    pub(crate) fn synchronize(&mut self, disruptors: &[u64]) -> Result<(), String> {
        self.broadcast_mark(READY, ClientState::Ready)?;
        self.broadcast_mark(GO, ClientState::Counting)?;
        for client in &self.clients {
            self.log.add_sender(client.n, false);
        }
        for disruptor in disruptors {
            self.log.add_sender(*disruptor, true);
        }
        Ok(())
    }

    /// Sends a message with this mark until it has brought all clients to this state. [`READY`] is
    /// repeated, [`GO`] is sent once: what follows it is counted.
    fn broadcast_mark(&mut self, mark: &[u8], state: ClientState) -> Result<(), String> {
        let started = Instant::now();
        let clients = u32::try_from(self.clients.len()).unwrap_or(u32::MAX);
        let interval = MARK_INTERVAL + MARK_INTERVAL_PER_CLIENT * clients;
        loop {
            let mut text = vec![b'.'; MESSAGE_BYTES - 1 - mark.len()];
            text.extend(mark);
            if mark == READY || started.elapsed() < interval {
                let client = &mut self.clients[0];
                self.target.protocol.encode(client.head, &text, client.outbox());
                self.unsent.push(0);
            }
            let sent = Instant::now();
            while sent.elapsed() < interval {
                self.flush()?;
                self.poll_events(5)?;
                if self.clients.iter().all(|client| client.state == state) {
                    return Ok(());
                }
            }
            if started.elapsed() > 6 * STALL_TIMEOUT {
                let silent = self.clients.iter().position(|client| client.state != state);
                let silent = silent.unwrap_or_default();
                return Err(format!("client {silent} receives nothing"));
            }
        }
    }

    /// Waits until every client is past this state.
    fn wait_past(&mut self, state: ClientState, failure: &str) -> Result<(), String> {
        let mut last_event = Instant::now();
        // States only advance, so the clients before this one need no second look.
        let mut first = 0;
        loop {
            while self.clients.get(first).is_some_and(|client| client.state > state) {
                first += 1;
            }
            if first == self.clients.len() {
                return Ok(());
            }
            self.flush()?;
            if self.poll_events(100)? > 0 {
                last_event = Instant::now();
            } else if last_event.elapsed() > 2 * STALL_TIMEOUT {
                return Err(format!("client {first} {failure}"));
            }
        }
    }
}
