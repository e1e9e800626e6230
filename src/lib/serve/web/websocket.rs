//! The room over a WebSocket (RFC 6455): one task, one loop, no queue.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use tokio::time::{Instant, sleep, timeout_at};

use super::super::hub::{Connection, News, Over};
use super::Web;
use super::end::{Close, End};
use super::fanout::{Left, Subscription};
use super::socket::{Handshake, Heard, Socket};
use super::visit::{self, Reply};
use super::wire::{self, FRAME_BYTES, FromClient, Refused, Why};

/// A client says who it is within this time, or is cut off: a page does it at once.
const JOIN_PATIENCE: Duration = Duration::from_secs(10);

/// Four pings in the 100 s after which the tunnel provider cuts idle sockets; below what NATs keep.
const PING_EVERY: Duration = Duration::from_secs(25);

/// A connection without any frame for three pings is dead.
const SILENCE: Duration = Duration::from_secs(75);

/// Answers to the lines of one message that go out before the next line is looked at: a message of
/// thousands of wrong ones would have fifty times its size in answers.
pub(super) const ANSWER_BYTES: usize = 16 * 1024;

/// `GET /ws`.
pub(super) async fn upgrade(State(web): State<Arc<Web>>, mut request: Request) -> Response {
    let Some(handshake) = Handshake::of(&mut request) else {
        let text = "this address takes WebSocket handshakes only\n";
        return (StatusCode::BAD_REQUEST, text).into_response();
    };
    let Ok(place) = Arc::clone(&web.sockets).try_acquire_owned() else {
        let later = [(header::RETRY_AFTER, "5")];
        return (StatusCode::SERVICE_UNAVAILABLE, later, "too many at the door\n").into_response();
    };
    tokio::spawn(async move {
        if let Some(mut socket) = Box::pin(handshake.upgrade.socket(FRAME_BYTES)).await {
            visit(&web, &mut socket).await;
        }
        drop(place);
    });
    handshake.answer
}

/// From the first message to the goodbye. What comes before and after the conversation is on the
/// heap, as is all that is rare in it: there are thousands who only listen, and each of them costs
/// what the largest moment needs that is not.
async fn visit(web: &Web, socket: &mut Socket) {
    let end = match Box::pin(come(web, socket)).await {
        Ok((connection, rest)) => {
            let subscription = web.fan_out.subscribe(socket.stream(), connection.speaker());
            let mut room = Room { web, connection, subscription, socket };
            let Err(end) = room.talk(rest).await;
            // What the fan-out has begun is finished before the goodbye. The seat is free before it:
            // nobody waits in the room for the end of a line.
            room.take_back();
            end
        }
        Err(end) => end,
    };
    match end {
        End::Cut => {}
        End::Answered(code) => Box::pin(socket.close(code)).await,
        End::Closed(code) => Box::pin(socket.close(Some(code as u16))).await,
    }
}

/// Lets somebody in; what they said after their join is returned with the connection.
async fn come(web: &Web, socket: &mut Socket) -> Result<(Connection, String), End> {
    let refused = match first_message(socket).await {
        Ok(message) => {
            let _place = web.welcoming().await;
            match come_in(web, message) {
                Ok(Entered { connection, welcome, rest }) => {
                    socket.send(welcome).await?;
                    return Ok((connection, rest));
                }
                Err(refused) => refused,
            }
        }
        Err(Unheard::Refused(refused)) => refused,
        Err(Unheard::Over(end)) => return Err(end),
    };
    socket.send(vec![refused.line().into()]).await?;
    Err(End::Closed(Close::Refused))
}

/// Why there is no first message.
enum Unheard {
    Refused(Refused),
    Over(End),
}

impl<E: Into<End>> From<E> for Unheard {
    fn from(end: E) -> Self {
        Self::Over(end.into())
    }
}

/// The first message with text in it.
async fn first_message(socket: &mut Socket) -> Result<String, Unheard> {
    // Of the whole: pings in between are no reason to wait longer.
    let end = Instant::now() + JOIN_PATIENCE;
    loop {
        match timeout_at(end, socket.hear()).await {
            Ok(Some(Heard::Text(text))) => return Ok(text),
            Ok(Some(Heard::Ping(payload))) => socket.pong(&payload).await?,
            Ok(Some(Heard::Pong)) => {}
            Ok(Some(Heard::Binary)) => return Err(Unheard::Refused(not_text())),
            Ok(Some(Heard::Close(code))) => return Err(End::Answered(code).into()),
            Ok(Some(Heard::Broken(broken))) => return Err(broken.into()),
            Ok(None) | Err(_) => return Err(End::Cut.into()),
        }
    }
}

/// Somebody who was let in.
struct Entered {
    connection: Connection,
    welcome: Vec<Arc<str>>,
    /// What else their first message says.
    rest: String,
}

/// Lets somebody in by the first line of their first message. Not async, and nothing of the message
/// but its rest comes out: what is kept here would be kept for as long as they stay.
fn come_in(web: &Web, message: String) -> Result<Entered, Refused> {
    let (first, rest) = message.split_once('\n').unwrap_or((&message, ""));
    let admission = visit::enter(web, FromClient::parse(first.trim_end())?)?;
    let (connection, welcome) = wire::welcome(admission, &web.hub, &web.room);
    Ok(Entered { connection, welcome, rest: rest.to_owned() })
}

fn not_text() -> Refused {
    Refused::new(Why::BadJson, "binary frames are not part of this protocol; send text")
}

/// Somebody in the room.
struct Room<'a> {
    web: &'a Web,
    connection: Connection,
    subscription: Subscription,
    socket: &'a mut Socket,
}

impl Room<'_> {
    /// Does what the `rest` of their first message says, then listens, and writes when the fan-out
    /// does not; the error is how to end.
    async fn talk(&mut self, rest: String) -> Result<Infallible, End> {
        Box::pin(self.obey(rest)).await?;
        let mut last = Instant::now();
        let ping = sleep(PING_EVERY);
        tokio::pin!(ping);
        loop {
            // On the heap, here and below: whoever only listens has no memory for it.
            if !self.subscription.is_left() {
                Box::pin(self.write()).await?;
            }
            tokio::select! {
                () = self.subscription.given_back() => self.take_back(),
                heard = self.socket.hear() => {
                    last = Instant::now();
                    Box::pin(self.heed(heard.ok_or(End::Cut)?)).await?;
                }
                () = &mut ping => {
                    if last.elapsed() >= SILENCE {
                        return Err(End::Cut);
                    }
                    ping.as_mut().reset(Instant::now() + PING_EVERY);
                    self.take_back();
                    Box::pin(self.socket.ping()).await?;
                }
            }
        }
    }

    /// Sends everything that is new, in as few frames as the bound of a batch allows, and leaves the
    /// rest to the fan-out.
    async fn write(&mut self) -> Result<(), End> {
        while !self.subscription.is_left() {
            match self.connection.read() {
                News::Nothing => {
                    self.socket.settle().await?;
                    self.subscription.leave(&self.web.hub, self.connection.position());
                }
                News::Some(batch) => self.socket.send(wire::news(batch)).await?,
                News::Over(Over::Replaced) => return Err(End::Closed(Close::Left)),
                News::Over(Over::Ended) => {
                    self.socket.send(vec![wire::end().into()]).await?;
                    return Err(End::Closed(Close::Ended));
                }
            }
        }
        Ok(())
    }

    /// Nobody else writes to the socket from here on, until [`Room::write`].
    fn take_back(&mut self) {
        if let Some(Left { position, begun }) = self.subscription.take() {
            self.connection.read_up_to(position);
            if let Some(begun) = begun {
                self.socket.finish(begun);
            }
        }
    }

    async fn answer(&mut self, line: String) -> Result<(), End> {
        self.take_back();
        Ok(Box::pin(self.socket.send(vec![line.into()])).await?)
    }

    async fn heed(&mut self, heard: Heard) -> Result<(), End> {
        match heard {
            Heard::Text(text) => self.obey(text).await,
            Heard::Binary => self.answer(not_text().line()).await,
            Heard::Ping(payload) => {
                self.take_back();
                Ok(Box::pin(self.socket.pong(&payload)).await?)
            }
            Heard::Pong => Ok(()),
            Heard::Close(code) => Err(End::Answered(code)),
            Heard::Broken(broken) => Err(broken.into()),
        }
    }

    async fn obey(&mut self, text: String) -> Result<(), End> {
        let mut answers = String::new();
        for line in text.lines().filter(|line| !line.is_empty()) {
            match visit::obey(self.web, &self.connection, line) {
                Reply::Nothing => {}
                Reply::Line(line) => answers.push_str(&line),
                Reply::Left => return Err(End::Closed(Close::Left)),
            }
            if answers.len() >= ANSWER_BYTES {
                self.answer(std::mem::take(&mut answers)).await?;
            }
        }
        // It was said: no copy of it waits for a slow line.
        drop(text);
        if answers.is_empty() { Ok(()) } else { self.answer(answers).await }
    }
}
