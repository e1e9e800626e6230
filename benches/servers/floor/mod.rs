//! The floor: the least that relaying a message to all clients through sockets can cost. It has no
//! participants and no names; it checks nothing and stores nothing.

mod connection;
mod fault;

use std::io::Write as _;
use std::net::TcpListener;
use std::time::Duration;

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::socket::{self, Backlog};

use connection::{Connection, ReadOutcome};

pub(super) use connection::PAGE_BYTES;
pub(crate) use fault::Fault;

/// The backlog of listen(2), as chattrace has it.
const BACKLOG: i32 = 4096;

/// The buffer of a read, and the events taken in one call of epoll_wait(2).
const BUFFER_BYTES: usize = 64 * 1024;
const EVENTS: usize = 256;

/// The number of the listener among the events.
const LISTENER: u64 = u64::MAX;

/// How messages are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WriteMode {
    /// One write for each message and client.
    Frame,
    /// One write for each client and turn of the event loop, with all messages of the turn.
    Batch,
    /// In batches, with one fault.
    Faulty(Fault),
}

struct Floor {
    mode: WriteMode,
    epoll: Epoll,
    /// By number; a number is never used again.
    connections: Vec<Option<Connection>>,
    /// The numbers of WebSocket connections.
    clients: Vec<usize>,
    buffer: Vec<u8>,
    /// The frames of this turn, and the position of each.
    batch: Vec<u8>,
    starts: Vec<usize>,
    /// Messages so far.
    messages: u64,
    fault_happened: bool,
}

/// Serves until the process is killed.
///
/// # Errors
/// When epoll or the listener fails.
pub(super) fn serve(mode: WriteMode) -> Result<(), String> {
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).map_err(|error| error.to_string())?;
    let floor = Floor {
        mode,
        epoll,
        connections: Vec::new(),
        clients: Vec::new(),
        buffer: vec![0; BUFFER_BYTES],
        batch: Vec::new(),
        starts: Vec::new(),
        messages: 0,
        fault_happened: false,
    };
    floor.run().map_err(|error| error.to_string())
}

impl Floor {
    fn run(mut self) -> std::io::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        // listen(2) on a socket that listens changes its backlog only.
        socket::listen(&listener, Backlog::new(BACKLOG)?)?;
        listener.set_nonblocking(true)?;
        self.epoll.add(&listener, EpollEvent::new(EpollFlags::EPOLLIN, LISTENER))?;
        writeln!(std::io::stdout(), "{}", listener.local_addr()?.port())?;
        let mut events = vec![EpollEvent::empty(); EVENTS];
        loop {
            let ready = self.epoll.wait(&mut events, EpollTimeout::NONE)?;
            for event in &events[..ready] {
                if event.data() == LISTENER {
                    self.accept(&listener)?;
                } else {
                    let number = usize::try_from(event.data()).unwrap_or(usize::MAX);
                    self.serve(number, event.events())?;
                }
            }
            self.relay()?;
        }
    }

    fn accept(&mut self, listener: &TcpListener) -> std::io::Result<()> {
        // Out of descriptors: existing connections go on, and accepting is tried again.
        let Ok((stream, _)) = listener.accept() else {
            std::thread::sleep(Duration::from_millis(1));
            return Ok(());
        };
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        let event = EpollEvent::new(EpollFlags::EPOLLIN, self.connections.len() as u64);
        self.epoll.add(&stream, event)?;
        self.connections.push(Some(Connection::new(stream)));
        Ok(())
    }

    fn serve(&mut self, number: usize, events: EpollFlags) -> std::io::Result<()> {
        let Some(connection) = self.connections.get_mut(number).and_then(Option::as_mut) else {
            return Ok(());
        };
        if events.contains(EpollFlags::EPOLLOUT) && connection.write_unsent()? {
            self.watch(number, EpollFlags::EPOLLIN)?;
        }
        if !events.intersects(EpollFlags::EPOLLIN | EpollFlags::EPOLLHUP | EpollFlags::EPOLLERR) {
            return Ok(());
        }
        let Some(connection) = self.connections[number].as_mut() else { return Ok(()) };
        let before = self.batch.len();
        match connection.read(&mut self.buffer, &mut self.batch, &mut self.starts) {
            ReadOutcome::Open => {}
            ReadOutcome::Upgraded => self.clients.push(number),
            ReadOutcome::Closed => self.close(number),
        }
        if self.mode == WriteMode::Frame && self.batch.len() > before {
            self.relay()?;
        }
        Ok(())
    }

    /// Writes the batch to all clients.
    fn relay(&mut self) -> std::io::Result<()> {
        if self.starts.is_empty() {
            return Ok(());
        }
        let mut starts = std::mem::take(&mut self.starts);
        starts.push(self.batch.len());
        let batch = std::mem::take(&mut self.batch);
        self.messages += starts.len() as u64 - 1;
        match self.mode {
            WriteMode::Frame => {
                for frame in starts.windows(2) {
                    self.broadcast(&batch[frame[0]..frame[1]], usize::MAX)?;
                }
            }
            WriteMode::Batch => self.broadcast(&batch, usize::MAX)?,
            WriteMode::Faulty(fault) => {
                let faulty = if self.fault_happened || self.messages < fault::MESSAGES_BEFORE {
                    None
                } else {
                    fault.apply(&batch, &starts)
                };
                match faulty {
                    Some(faulty) => {
                        self.fault_happened = true;
                        self.broadcast(&batch, fault::VICTIM)?;
                        self.write(fault::VICTIM, &faulty)?;
                    }
                    None => self.broadcast(&batch, usize::MAX)?,
                }
            }
        }
        starts.clear();
        (self.starts, self.batch) = (starts, batch);
        self.batch.clear();
        Ok(())
    }

    /// Writes to all clients except the one with the number `except`.
    fn broadcast(&mut self, bytes: &[u8], except: usize) -> std::io::Result<()> {
        for at in 0..self.clients.len() {
            let number = self.clients[at];
            if number != except {
                self.write(number, bytes)?;
            }
        }
        Ok(())
    }

    /// Writes to one client what its socket takes; the rest when the socket is writable again.
    fn write(&mut self, number: usize, bytes: &[u8]) -> std::io::Result<()> {
        let Some(connection) = &mut self.connections[number] else { return Ok(()) };
        let was_watched = connection.has_unsent();
        connection.write(bytes);
        if connection.has_unsent() && !was_watched {
            self.watch(number, EpollFlags::EPOLLIN | EpollFlags::EPOLLOUT)?;
        }
        Ok(())
    }

    fn watch(&self, number: usize, flags: EpollFlags) -> std::io::Result<()> {
        if let Some(connection) = &self.connections[number] {
            let mut event = EpollEvent::new(flags, number as u64);
            self.epoll.modify(connection.stream(), &mut event)?;
        }
        Ok(())
    }

    fn close(&mut self, number: usize) {
        self.connections[number] = None;
        self.clients.retain(|client| *client != number);
    }
}
