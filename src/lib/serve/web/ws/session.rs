//! The loop of a socket whose client is in the room.

use std::convert::Infallible;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::close::{CloseAction, CloseCode, send_last_line};
use crate::serve::fanout::Subscription;
use crate::serve::hub::{Connection, ReadOutcome};
use crate::serve::web::lines::{self, Reply};
use crate::serve::web::state::WebState;
use crate::serve::websocket::{Incoming, Reader, SendError, Writer};
use crate::wire::{MAX_FRAME_BYTES, Refusal, RefusalCode};

/// Four pings in the 100 s after which the tunnel provider closes idle sockets, and more often than
/// NATs drop idle connections.
pub(super) const PING_INTERVAL: Duration = Duration::from_secs(25);

/// A connection on which no frame arrived for the time of three pings is dead.
pub(super) const IDLE_TIMEOUT: Duration = Duration::from_secs(75);

/// Replies to the lines of one message are sent when they have this size, before the next line is
/// parsed: the replies to thousands of invalid lines have fifty times the size of the message.
const REPLY_FLUSH_BYTES: usize = 16 * 1024;

/// Memory of a socket's task, beside what it shares with the ring: a message and its copies on the way
/// into the room, the replies to its lines, and the task itself.
pub(in crate::serve) const MAX_SOCKET_BYTES: usize =
    3 * MAX_FRAME_BYTES + 2 * REPLY_FLUSH_BYTES + 4 * 1024;

/// One participant's socket: reads its lines, and sends to it while the fan-out does not.
pub(super) struct SocketSession<'a> {
    state: &'a WebState,
    connection: Connection,
    subscription: Subscription,
    reader: &'a mut Reader,
    /// The one writer of the socket; `None` while the subscription has it (see [`Self::writer`]).
    writer: Option<Writer>,
    /// Whether anything arrived from the client since the welcome.
    is_active: bool,
}

impl<'a> SocketSession<'a> {
    /// Subscribes the socket to the fan-out, with the writer still here.
    pub(super) fn new(
        state: &'a WebState,
        connection: Connection,
        reader: &'a mut Reader,
        writer: Writer,
    ) -> Self {
        let subscription = state.fan_out.subscribe(connection.id());
        let writer = Some(writer);
        Self { state, connection, subscription, reader, writer, is_active: false }
    }

    /// Handles the `rest` of the first message, then reads from the client, and writes while the
    /// fan-out does not.
    ///
    /// # Errors
    /// Always: how to close the socket.
    pub(super) async fn run(&mut self, rest: String) -> Result<Infallible, CloseAction> {
        Box::pin(self.handle_lines(rest)).await?;
        let mut last_received = Instant::now();
        let ping = sleep(PING_INTERVAL);
        tokio::pin!(ping);
        loop {
            // Boxed, here and below: a client that only listens needs no memory for it.
            if self.writer.is_some() {
                Box::pin(self.send_new()).await?;
            }
            tokio::select! {
                () = self.subscription.returned() => { self.writer()?; }
                incoming = self.reader.recv() => {
                    last_received = Instant::now();
                    Box::pin(self.handle_incoming(incoming.ok_or(CloseAction::Drop)?)).await?;
                }
                () = &mut ping => {
                    if last_received.elapsed() >= IDLE_TIMEOUT {
                        return Err(CloseAction::Drop);
                    }
                    ping.as_mut().reset(Instant::now() + PING_INTERVAL);
                    Box::pin(self.writer()?.ping()).await?;
                }
            }
        }
    }

    /// Drops the connection to the room, and returns the writer, wherever it is.
    pub(super) fn into_writer(self) -> Option<Writer> {
        self.writer.or_else(|| self.subscription.reclaim().map(|(writer, _)| writer))
    }

    /// Sends everything that is new, in batches, and hands the writer over to the fan-out.
    async fn send_new(&mut self) -> Result<(), CloseAction> {
        loop {
            let cleared = self.connection.cleared();
            unless_cleared(cleared, self.writer()?.flush()).await?;
            match self.connection.try_read() {
                ReadOutcome::Empty => {
                    let position = self.connection.position();
                    let writer = self.writer.take();
                    self.writer = writer.and_then(|writer| {
                        self.subscription.hand_over(&self.state.hub, writer, position)
                    });
                    if self.writer.is_none() {
                        return Ok(());
                    }
                }
                ReadOutcome::Pieces(pieces) => {
                    let cleared = self.connection.cleared();
                    unless_cleared(cleared, self.writer()?.send(pieces)).await?;
                }
                ReadOutcome::Closed(reason) => {
                    return Err(send_last_line(self.writer()?, reason).await);
                }
            }
        }
    }

    /// The writer, reclaimed if the fan-out has it. It brings the position up to which the fan-out has
    /// sent; the rest of a partly sent frame goes out before anything else.
    ///
    /// # Errors
    /// When the fan-out has sent the last frame of this socket.
    fn writer(&mut self) -> Result<&mut Writer, CloseAction> {
        let writer = match self.writer.take() {
            Some(writer) => writer,
            None => {
                let (writer, position) = self.subscription.reclaim().ok_or(CloseAction::Drop)?;
                self.connection.set_position(position);
                writer
            }
        };
        Ok(self.writer.insert(writer))
    }

    /// Sends a line to this client alone, then lets other tasks run: a reply costs more than the line
    /// that it answers.
    async fn reply(&mut self, line: String) -> Result<(), CloseAction> {
        Box::pin(self.writer()?.send(vec![line.into()])).await?;
        tokio::task::yield_now().await;
        Ok(())
    }

    async fn handle_incoming(&mut self, incoming: Incoming) -> Result<(), CloseAction> {
        if !std::mem::replace(&mut self.is_active, true) {
            self.connection.mark_active();
        }
        match incoming {
            Incoming::Text(text) => self.handle_lines(text).await,
            Incoming::Binary => self.reply(not_text().to_line()).await,
            Incoming::Ping(payload) => {
                Box::pin(self.writer()?.pong(&payload)).await?;
                tokio::task::yield_now().await;
                Ok(())
            }
            Incoming::Pong => Ok(()),
            Incoming::Close(code) => Err(CloseAction::Echo(code)),
            Incoming::Invalid(error) => Err(error.into()),
        }
    }

    async fn handle_lines(&mut self, text: String) -> Result<(), CloseAction> {
        let mut replies = String::new();
        for line in text.lines().filter(|line| !line.is_empty()) {
            match lines::handle_line(self.state, &self.connection, line) {
                Reply::None => {}
                Reply::Line(line) => replies.push_str(&line),
                Reply::Left => return Err(CloseAction::Send(CloseCode::SeatReleased)),
            }
            if replies.len() >= REPLY_FLUSH_BYTES {
                self.reply(std::mem::take(&mut replies)).await?;
            }
        }
        // The ring has the messages: no copy of them is kept while a slow client reads the replies.
        drop(text);
        if replies.is_empty() { Ok(()) } else { self.reply(replies).await }
    }
}

/// Waits until a frame is sent. When its content is cleared before, the frame cannot be ended, and the
/// connection is dropped: its client returns for what follows.
async fn unless_cleared(
    cleared: impl Future<Output = ()>,
    sent: impl Future<Output = Result<(), SendError>>,
) -> Result<(), CloseAction> {
    tokio::select! {
        biased;
        sent = sent => Ok(sent?),
        () = cleared => Err(CloseAction::Drop),
    }
}

/// The refusal of a binary message.
pub(super) fn not_text() -> Refusal {
    Refusal::new(RefusalCode::BadJson, "binary messages are not supported; send text")
}
