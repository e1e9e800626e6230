//! The room over a WebSocket (RFC 6455): one task, one loop, no queue.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use tokio::time::{Instant, timeout, timeout_at};

use super::super::hub::{Admission, Connection, News, Over};
use super::Web;
use super::visit::{self, Reply};
use super::wire::{self, FRAME_BYTES, FromClient, Refused, Why};

/// A client says who it is within this time, or is cut off: a page does it at once.
const JOIN_PATIENCE: Duration = Duration::from_secs(10);

/// Four pings in the 100 s after which the tunnel provider cuts idle sockets; below what NATs keep.
const PING_EVERY: Duration = Duration::from_secs(25);

/// A connection without any frame for three pings is dead.
const SILENCE: Duration = Duration::from_secs(75);

/// A reader that takes none of a batch within this time reads nothing at all.
const WRITE_PATIENCE: Duration = Duration::from_secs(20);

/// Bytes read at a time: a chat line is short, and this is what an idle participant costs.
const READ_BUFFER: usize = 4096;

/// Close codes of this protocol; 4000–4999 are for private use.
#[derive(Clone, Copy, Debug)]
enum Close {
    Ended = 4000,
    Left = 4001,
    Refused = 4002,
    TooSlow = 4003,
    /// RFC 6455, section 7.4.1.
    TooBig = 1009,
}

/// `GET /ws`.
pub(super) async fn upgrade(State(web): State<Arc<Web>>, upgrade: WebSocketUpgrade) -> Response {
    let Ok(place) = Arc::clone(&web.sockets).try_acquire_owned() else {
        let later = [(header::RETRY_AFTER, "5")];
        return (StatusCode::SERVICE_UNAVAILABLE, later, "too many at the door\n").into_response();
    };
    upgrade
        .read_buffer_size(READ_BUFFER)
        // Every batch is handed to the socket at once.
        .write_buffer_size(0)
        .max_write_buffer_size(1024 * 1024)
        .max_message_size(FRAME_BYTES)
        .max_frame_size(FRAME_BYTES)
        .on_upgrade(async move |socket| {
            visit(&web, socket).await;
            drop(place);
        })
}

async fn visit(web: &Web, mut socket: WebSocket) {
    let code = match first_frame(&mut socket).await {
        Ok(Some(frame)) => {
            let (first, rest) = frame.split_once('\n').unwrap_or((&frame, ""));
            match FromClient::parse(first.trim_end()).and_then(|first| visit::enter(web, first)) {
                Ok(admission) => come_in(web, &mut socket, admission, rest).await,
                Err(refused) => refuse(&mut socket, &refused).await,
            }
        }
        Ok(None) => None,
        Err(refused) => refuse(&mut socket, &refused).await,
    };
    if let Some(code) = code {
        let frame = CloseFrame { code: code as u16, reason: Utf8Bytes::default() };
        let _ = timeout(WRITE_PATIENCE, socket.send(Message::Close(Some(frame)))).await;
    }
}

/// The first frame with text in it. `None`: the client went away, or said nothing in time.
async fn first_frame(socket: &mut WebSocket) -> Result<Option<Utf8Bytes>, Refused> {
    // Of the whole: pings in between are no reason to wait longer.
    let end = Instant::now() + JOIN_PATIENCE;
    loop {
        match timeout_at(end, socket.recv()).await {
            Ok(Some(Ok(Message::Text(text)))) => return Ok(Some(text)),
            Ok(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => {}
            Ok(Some(Ok(Message::Binary(_)))) => return Err(not_text()),
            Ok(Some(Ok(Message::Close(_)))) => {
                part(socket).await;
                return Ok(None);
            }
            Ok(Some(Err(_)) | None) | Err(_) => return Ok(None),
        }
    }
}

/// Welcomes somebody, does what the `rest` of their first frame says, and serves them until one
/// side has enough.
async fn come_in(
    web: &Web,
    socket: &mut WebSocket,
    admission: Admission,
    rest: &str,
) -> Option<Close> {
    let welcome = wire::welcome(&admission, &web.hub, &web.room);
    let mut room = Room { web, connection: admission.connection, socket };
    let entered = async {
        send(room.socket, welcome).await?;
        room.obey(rest).await
    };
    match entered.await {
        Ok(()) => room.stay().await,
        Err(code) => code,
    }
}

/// Answers the client's close: the library has the answer ready, and sends it when asked to read on
/// (RFC 6455, section 5.5.1). A browser would report a broken line otherwise.
async fn part(socket: &mut WebSocket) {
    let _ = timeout(WRITE_PATIENCE, socket.recv()).await;
}

async fn refuse(socket: &mut WebSocket, refused: &Refused) -> Option<Close> {
    match send(socket, refused.line()).await {
        Ok(()) => Some(Close::Refused),
        Err(gone) => gone,
    }
}

/// Hands over one frame. The error is how to close: not at all when the client is gone.
async fn send(socket: &mut WebSocket, lines: String) -> Result<(), Option<Close>> {
    match timeout(WRITE_PATIENCE, socket.send(Message::Text(lines.into()))).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(None),
        Err(_) => Err(Some(Close::TooSlow)),
    }
}

fn not_text() -> Refused {
    Refused::new(Why::BadJson, "binary frames are not part of this protocol; send text")
}

/// Somebody in the room.
struct Room<'a> {
    web: &'a Web,
    connection: Connection,
    socket: &'a mut WebSocket,
}

impl Room<'_> {
    /// Reads and writes until one side has enough; the answer is how to close.
    async fn stay(mut self) -> Option<Close> {
        match self.talk().await {
            Ok(never) => match never {},
            Err(code) => code,
        }
    }

    async fn talk(&mut self) -> Result<std::convert::Infallible, Option<Close>> {
        let mut heard = Instant::now();
        let mut ping = heard + PING_EVERY;
        loop {
            self.write().await?;
            tokio::select! {
                () = self.connection.woken() => {}
                frame = self.socket.recv() => {
                    heard = Instant::now();
                    self.hear(frame).await?;
                }
                () = tokio::time::sleep_until(ping) => {
                    if heard.elapsed() >= SILENCE {
                        return Err(None);
                    }
                    ping = Instant::now() + PING_EVERY;
                    self.ping().await?;
                }
            }
        }
    }

    /// Sends everything that is new, in as few frames as the bound of a batch allows.
    async fn write(&mut self) -> Result<(), Option<Close>> {
        loop {
            match self.connection.read() {
                News::Nothing => return Ok(()),
                News::Some { past, typing } => {
                    send(self.socket, wire::frame(&past, &typing)).await?;
                }
                News::Over(Over::Replaced) => return Err(Some(Close::Left)),
                News::Over(Over::Ended) => {
                    send(self.socket, wire::end()).await?;
                    return Err(Some(Close::Ended));
                }
            }
        }
    }

    async fn hear(
        &mut self,
        frame: Option<Result<Message, axum::Error>>,
    ) -> Result<(), Option<Close>> {
        match frame {
            Some(Ok(Message::Text(text))) => self.obey(&text).await,
            Some(Ok(Message::Binary(_))) => send(self.socket, not_text().line()).await,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(()),
            // Past the size limit or not UTF-8: what follows cannot be told from the rest of it.
            Some(Err(_)) => Err(Some(Close::TooBig)),
            Some(Ok(Message::Close(_))) => {
                part(self.socket).await;
                Err(None)
            }
            None => Err(None),
        }
    }

    async fn obey(&mut self, text: &str) -> Result<(), Option<Close>> {
        let mut answers = String::new();
        for line in text.lines().filter(|line| !line.is_empty()) {
            match visit::obey(self.web, &self.connection, line) {
                Reply::Nothing => {}
                Reply::Line(line) => answers.push_str(&line),
                Reply::Left => return Err(Some(Close::Left)),
            }
        }
        if answers.is_empty() { Ok(()) } else { send(self.socket, answers).await }
    }

    async fn ping(&mut self) -> Result<(), Option<Close>> {
        let ping = self.socket.send(Message::Ping(Bytes::new()));
        match timeout(WRITE_PATIENCE, ping).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(None),
        }
    }
}
