//! The floor: the least that it can cost to relay a message to everybody through sockets. It knows
//! no room, no names and no text; it checks nothing and remembers nothing.

mod connection;
mod lie;

use std::io::Write as _;
use std::net::TcpListener;
use std::time::Duration;

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::socket::{self, Backlog};

use connection::{Connection, Heard};

pub(crate) use lie::Lie;

/// About as large as the page of chattrace.
pub(super) const PAGE_BYTES: usize = 16 * 1024;

/// Connections that may wait to be accepted; as chattrace has it.
const QUEUE: i32 = 4096;

/// What one read takes, and how many events are taken at a time.
const BUFFER_BYTES: usize = 64 * 1024;
const EVENTS: usize = 256;

/// The listener among the events.
const LISTENER: u64 = u64::MAX;

/// How messages are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// One write for each message and receiver.
    Frame,
    /// One write for each receiver and look: with everything that came by then.
    Batch,
    /// In batches, with one mistake.
    Liar(Lie),
}

struct Floor {
    style: Style,
    epoll: Epoll,
    /// By number; never taken twice.
    connections: Vec<Option<Connection>>,
    /// Numbers of those who are receivers.
    receivers: Vec<usize>,
    buffer: Vec<u8>,
    /// Frames of this look, and where each begins.
    batch: Vec<u8>,
    begins: Vec<usize>,
    /// Messages so far.
    messages: u64,
    lied: bool,
}

/// Serves for ever.
///
/// # Errors
/// When the system refuses something basic.
pub(super) fn serve(style: Style) -> Result<(), String> {
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).map_err(|error| error.to_string())?;
    let floor = Floor {
        style,
        epoll,
        connections: Vec::new(),
        receivers: Vec::new(),
        buffer: vec![0; BUFFER_BYTES],
        batch: Vec::new(),
        begins: Vec::new(),
        messages: 0,
        lied: false,
    };
    floor.run().map_err(|error| error.to_string())
}

impl Floor {
    fn run(mut self) -> std::io::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        // listen(2) on a listening socket only changes the length of its queue.
        socket::listen(&listener, Backlog::new(QUEUE)?)?;
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
        // Out of descriptors: the others go on, and this one is tried again.
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
        if events.contains(EpollFlags::EPOLLOUT) && connection.catch_up()? {
            self.watch(number, EpollFlags::EPOLLIN)?;
        }
        if !events.intersects(EpollFlags::EPOLLIN | EpollFlags::EPOLLHUP | EpollFlags::EPOLLERR) {
            return Ok(());
        }
        let Some(connection) = self.connections[number].as_mut() else { return Ok(()) };
        let before = self.batch.len();
        match connection.hear(&mut self.buffer, &mut self.batch, &mut self.begins) {
            Heard::Nothing => {}
            Heard::Handshake => self.receivers.push(number),
            Heard::Over => self.close(number),
        }
        if self.style == Style::Frame && self.batch.len() > before {
            self.relay()?;
        }
        Ok(())
    }

    /// Writes what came to everybody, in the way of this style.
    fn relay(&mut self) -> std::io::Result<()> {
        if self.begins.is_empty() {
            return Ok(());
        }
        let mut ends = std::mem::take(&mut self.begins);
        ends.push(self.batch.len());
        let batch = std::mem::take(&mut self.batch);
        self.messages += ends.len() as u64 - 1;
        match self.style {
            Style::Frame => {
                for frame in ends.windows(2) {
                    self.tell(&batch[frame[0]..frame[1]], usize::MAX)?;
                }
            }
            Style::Batch => self.tell(&batch, usize::MAX)?,
            Style::Liar(lie) => {
                let victim = if self.lied || self.messages < lie::AFTER {
                    None
                } else {
                    lie.of(&batch, &ends)
                };
                match victim {
                    Some(told) => {
                        self.lied = true;
                        self.tell(&batch, lie::VICTIM)?;
                        self.write(lie::VICTIM, &told)?;
                    }
                    None => self.tell(&batch, usize::MAX)?,
                }
            }
        }
        ends.clear();
        (self.begins, self.batch) = (ends, batch);
        self.batch.clear();
        Ok(())
    }

    /// Writes to all receivers but the one with this number.
    fn tell(&mut self, bytes: &[u8], but: usize) -> std::io::Result<()> {
        for at in 0..self.receivers.len() {
            let number = self.receivers[at];
            if number != but {
                self.write(number, bytes)?;
            }
        }
        Ok(())
    }

    /// Writes to one of them as much as it takes now; the rest when it takes it.
    fn write(&mut self, number: usize, bytes: &[u8]) -> std::io::Result<()> {
        let Some(connection) = &mut self.connections[number] else { return Ok(()) };
        let waited = connection.is_behind();
        connection.write(bytes);
        if connection.is_behind() && !waited {
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
        self.receivers.retain(|receiver| *receiver != number);
    }
}
