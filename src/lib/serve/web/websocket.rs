//! The room over a WebSocket (RFC 6455): one task, one loop, no queue.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Extension, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use tokio::time::{Instant, sleep, timeout_at};

use super::super::hub::{CloseReason, Connection, ReadOutcome};
use super::Web;
use super::connections::Place;
use super::end::{Close, End};
use super::fanout::Subscription;
use super::socket::{Handshake, Heard, OutputState, Writer};
use super::visit::{self, Reply};
use crate::wire::{self, ClientMessage, MAX_FRAME_BYTES, Refusal, RefusalCode};

/// A client says who it is within this time, or is cut off: a page does it at once.
const JOIN_TIMEOUT: Duration = Duration::from_secs(10);

/// Pings and pongs before the join, each for one read or more. A browser sends none; a client that
/// sends more of them is cut off, because an answer costs more than a question.
const CONTROL_FRAMES: usize = 16;

/// Four pings in the 100 s after which the tunnel provider cuts idle sockets; below what NATs keep.
const PING_EVERY: Duration = Duration::from_secs(25);

/// A connection without any frame for three pings is dead.
const SILENCE: Duration = Duration::from_secs(75);

/// Answers to the lines of one message that go out before the next line is looked at: a message of
/// thousands of wrong ones would have fifty times its size in answers.
pub(super) const ANSWER_BYTES: usize = 16 * 1024;

/// `GET /ws`. The place of the connection is kept for as long as the socket is open.
pub(super) async fn upgrade(
    State(web): State<Arc<Web>>,
    Extension(place): Extension<Arc<Place>>,
    mut request: Request,
) -> Response {
    let Some(handshake) = Handshake::of(&mut request) else {
        let text = "this address takes WebSocket handshakes only\n";
        return (StatusCode::BAD_REQUEST, text).into_response();
    };
    tokio::spawn(async move {
        let Some((mut reader, writer)) = Box::pin(handshake.upgrade.socket(MAX_FRAME_BYTES)).await
        else {
            return;
        };
        // Made in its place: a future that is moved once has twice its size.
        tokio::select! {
            () = visit(&web, &place, &mut reader, writer) => {}
            () = place.cut() => {}
        }
    });
    handshake.answer
}

/// From the first message to the goodbye. What comes before and after the conversation is on the
/// heap, as is all that is rare in it: there are thousands who only listen, and each of them costs
/// what the largest moment needs that is not.
async fn visit(web: &Web, place: &Arc<Place>, reader: &mut OutputState, mut writer: Writer) {
    let (end, writer) = match Box::pin(come(web, place, reader, &mut writer)).await {
        Ok((connection, rest)) => {
            let subscription = web.fan_out.subscribe(connection.id());
            let reader = &mut *reader;
            let writer = Some(writer);
            let mut room = Room { web, connection, subscription, reader, writer, used: false };
            let Err(end) = room.talk(rest).await;
            // The seat is free before the goodbye, which a slow line may hold up.
            (end, room.into_writer())
        }
        Err(end) => (end, Some(writer)),
    };
    place.leave();
    let Some(writer) = writer else { return };
    match end {
        End::Cut => {}
        End::Answered(code) => Box::pin(writer.close(reader, code)).await,
        End::Closed(code) => Box::pin(writer.close(reader, Some(code as u16))).await,
    }
}

/// Lets somebody in; what they said after their join is returned with the connection.
async fn come(
    web: &Web,
    place: &Place,
    reader: &mut OutputState,
    writer: &mut Writer,
) -> Result<(Connection, String), End> {
    let refused = match first_message(reader, writer).await {
        Ok(message) => match come_in(web, message) {
            Ok((mut connection, rest)) => {
                place.admit();
                // Those who come at the same moment are in the welcome then.
                tokio::task::yield_now().await;
                let welcome = connection.welcome().ok_or(End::Closed(Close::Left))?;
                writer.send(welcome).await?;
                return Ok((connection, rest));
            }
            Err(refused) => refused,
        },
        Err(Unheard::Refused(refused)) => refused,
        Err(Unheard::Over(end)) => return Err(end),
    };
    writer.send(vec![refused.to_line().into()]).await?;
    Err(End::Closed(Close::Refused))
}

/// Why there is no first message.
enum Unheard {
    Refused(Refusal),
    Over(End),
}

impl<E: Into<End>> From<E> for Unheard {
    fn from(end: E) -> Self {
        Self::Over(end.into())
    }
}

/// The first message with text in it.
async fn first_message(reader: &mut OutputState, writer: &mut Writer) -> Result<String, Unheard> {
    // Of the whole: pings in between are no reason to wait longer.
    let end = Instant::now() + JOIN_TIMEOUT;
    for _ in 0..=CONTROL_FRAMES {
        match timeout_at(end, reader.recv()).await {
            Ok(Some(Heard::Text(text))) => return Ok(text),
            Ok(Some(Heard::Ping(payload))) => writer.pong(&payload).await?,
            Ok(Some(Heard::Pong)) => {}
            Ok(Some(Heard::Binary)) => return Err(Unheard::Refused(not_text())),
            Ok(Some(Heard::Close(code))) => return Err(End::Answered(code).into()),
            Ok(Some(Heard::Broken(broken))) => return Err(broken.into()),
            Ok(None) | Err(_) => return Err(End::Cut.into()),
        }
    }
    Err(End::Cut.into())
}

/// Lets a client in by the first line of its first message, and returns what else it says. Not async,
/// and nothing of the message but its rest comes out: what is kept here would be kept for as long as
/// they stay.
fn come_in(web: &Web, message: String) -> Result<(Connection, String), Refusal> {
    let (first, rest) = message.split_once('\n').unwrap_or((&message, ""));
    let connection = visit::enter(web, ClientMessage::parse(first.trim_end())?)?;
    Ok((connection, rest.to_owned()))
}

fn not_text() -> Refusal {
    Refusal::new(RefusalCode::BadJson, "binary frames are not part of this protocol; send text")
}

/// Somebody in the room.
struct Room<'a> {
    web: &'a Web,
    connection: Connection,
    subscription: Subscription,
    reader: &'a mut OutputState,
    /// The one writer of the socket. `None`: the fan-out has it, or has put it back for us to take.
    writer: Option<Writer>,
    /// Whether the client has said anything since the welcome.
    used: bool,
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
            if self.writer.is_some() {
                Box::pin(self.write()).await?;
            }
            tokio::select! {
                () = self.subscription.returned() => { self.writer(); }
                heard = self.reader.recv() => {
                    last = Instant::now();
                    Box::pin(self.heed(heard.ok_or(End::Cut)?)).await?;
                }
                () = &mut ping => {
                    if last.elapsed() >= SILENCE {
                        return Err(End::Cut);
                    }
                    ping.as_mut().reset(Instant::now() + PING_EVERY);
                    Box::pin(self.writer().ping()).await?;
                }
            }
        }
    }

    /// Sends everything that is new, in as few frames as the bound of a batch allows, and hands the
    /// writer over to the fan-out.
    async fn write(&mut self) -> Result<(), End> {
        loop {
            self.writer().flush().await?;
            match self.connection.try_read() {
                ReadOutcome::Empty => {
                    let position = self.connection.position();
                    let writer = self.writer.take();
                    self.writer = writer.and_then(|writer| {
                        self.subscription.hand_over(&self.web.hub, writer, position)
                    });
                    if self.writer.is_none() {
                        return Ok(());
                    }
                }
                ReadOutcome::Batch(batch) => self.writer().send(batch.into_lines()).await?,
                ReadOutcome::Closed(CloseReason::Replaced) => return Err(End::Closed(Close::Left)),
                ReadOutcome::Closed(CloseReason::SessionEnded) => {
                    self.writer().send(vec![wire::end_line().into()]).await?;
                    return Err(End::Closed(Close::Ended));
                }
            }
        }
    }

    /// The writer, which is taken back from the fan-out if it has it: with the rest of a frame that it
    /// has begun, which goes out before anything else, and with the position behind it.
    fn writer(&mut self) -> &mut Writer {
        self.writer.get_or_insert_with(|| {
            let (writer, position) =
                self.subscription.reclaim().expect("the writer is here or in the subscription");
            self.connection.set_position(position);
            writer
        })
    }

    /// The writer, at the end.
    fn into_writer(self) -> Option<Writer> {
        self.writer.or_else(|| self.subscription.reclaim().map(|(writer, _)| writer))
    }

    /// Sends a line for this client alone. Others have their turn after it: an answer costs more than
    /// what it answers.
    async fn answer(&mut self, line: String) -> Result<(), End> {
        Box::pin(self.writer().send(vec![line.into()])).await?;
        tokio::task::yield_now().await;
        Ok(())
    }

    async fn heed(&mut self, heard: Heard) -> Result<(), End> {
        if !std::mem::replace(&mut self.used, true) {
            self.connection.mark_active();
        }
        match heard {
            Heard::Text(text) => self.obey(text).await,
            Heard::Binary => self.answer(not_text().to_line()).await,
            Heard::Ping(payload) => {
                Box::pin(self.writer().pong(&payload)).await?;
                tokio::task::yield_now().await;
                Ok(())
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
