//! Connecting clients, and the synchronization before messages are counted.

use std::collections::BTreeMap;
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
        Self::new(target, count, arrival)?.fill(count)
    }

    /// Connects a client with each of these names. The welcome of one that does not come in waves is not
    /// opened.
    ///
    /// # Errors
    /// When one of them is not admitted.
    pub(crate) fn connect_as(
        target: &Target,
        names: Vec<String>,
        arrival: Arrival,
    ) -> Result<Self, String> {
        let count = names.len();
        Self { names, ..Self::new(target, count, arrival)? }.fill(count)
    }

    /// A load of clients with these names, none of which has connected: [`Self::knock_next`] follows.
    ///
    /// # Errors
    /// When the kernel has no epoll.
    pub(crate) fn knocking(target: &Target, names: Vec<String>) -> Result<Self, String> {
        Ok(Self { names, ..Self::new(target, 0, Arrival::Knocking)? })
    }

    /// Connects the next of the clients that have a name; false if all have.
    ///
    /// # Errors
    /// When the server does not accept the connection.
    pub(crate) fn knock_next(&mut self) -> Result<bool, String> {
        let is_next = self.clients.len() < self.names.len();
        if is_next {
            self.open()?;
        }
        Ok(is_next)
    }

    /// How many clients have a name of their own.
    pub(crate) fn names(&self) -> usize {
        self.names.len()
    }

    /// How many clients are in the room.
    pub(crate) fn present(&self) -> usize {
        let present = |client: &&Client| client.state == ClientState::Joined;
        self.clients.iter().filter(present).count()
    }

    /// Whether every client that has connected is in the room or in the lobby, or was refused.
    pub(crate) fn is_answered(&self) -> bool {
        self.clients.iter().all(|client| client.state > ClientState::Joining)
    }

    /// How many clients wait in the lobby.
    pub(crate) fn waiting(&self) -> usize {
        self.clients.iter().filter(|client| client.state == ClientState::Waiting).count()
    }

    /// How many clients were refused, by the reason.
    pub(crate) fn refusals(&self) -> BTreeMap<String, usize> {
        let mut refusals = BTreeMap::new();
        for refusal in self.clients.iter().filter_map(|client| client.refusal.as_ref()) {
            *refusals.entry(refusal.clone()).or_default() += 1;
        }
        refusals
    }

    /// Connects all of them, and waits until each is in the room or in the lobby.
    fn fill(mut self, count: usize) -> Result<Self, String> {
        match self.arrival {
            Arrival::AtOnce | Arrival::Knocking => {
                for _ in 0..count {
                    self.open()?;
                }
            }
            Arrival::InWaves => {
                while self.clients.len() < count {
                    for _ in 0..WAVE.min(count - self.clients.len()) {
                        self.open()?;
                    }
                    self.wait_past(ClientState::Handshaking, "got no answer to the handshake")?;
                }
                for number in 0..count {
                    self.join(number)?;
                }
            }
        }
        self.wait_past(ClientState::Joining, "was not admitted")?;
        Ok(self)
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
            names: Vec::new(),
        })
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
        client.may_be_closed = self.arrival == Arrival::Knocking;
        client.reads_lines = client.may_be_closed;
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
