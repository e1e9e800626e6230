//! What is said on one connection to `control.sock`.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout};

use super::answer;
use super::frame::{self, FrameError};
use super::message::{Request, RequestBody, Response, ResponseBody};
use crate::rate_limit::{RateLimit, TokenBucket};
use crate::terminal;

/// A client that sends no request, or does not read its response, is disconnected after this long.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(30);

/// A client that watches is disconnected when one event waits this long for it.
const WATCHER_TIMEOUT: Duration = Duration::from_secs(10);

/// Longest wait for the session's answer, of which a part may come from the room.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// Requests of one connection. Beyond it they wait, so that a client which floods leaves the session to
/// the others.
const REQUEST_RATE: RateLimit = RateLimit::Limited { per_second: 100, burst: 200 };

/// A request, and where its answer goes.
pub(crate) type IncomingRequest = (RequestBody, oneshot::Sender<Answer>);

/// What follows on a request.
#[derive(Debug)]
pub(crate) enum Answer {
    /// This, in as many lines as it needs; then the next request.
    Body(ResponseBody),
    /// These events, until the session or the client ends.
    Events(broadcast::Receiver<EventLine>),
}

/// One line of a stream of events.
#[derive(Clone, Debug)]
pub(crate) enum EventLine {
    /// An event, as `chattrace --json` prints it.
    Event(Arc<str>),
    /// It was the last one.
    End,
}

/// Passes the requests of a client on, and answers them, until the client or the session ends. An error
/// concerns this client only.
pub(super) async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    requests: mpsc::Sender<IncomingRequest>,
) {
    let mut client = Client { stream: BufReader::new(stream), buffer: Vec::new() };
    let _ = client.converse(&requests).await;
}

/// Tells a client that there are `max_clients` others.
pub(super) async fn refuse(stream: impl AsyncRead + AsyncWrite + Unpin, max_clients: usize) {
    let text = format!("{max_clients} programs are connected to this session already; end one");
    let mut client = Client { stream: BufReader::new(stream), buffer: Vec::new() };
    let _ = client.send(&Response { id: 0, body: ResponseBody::Error { text }, more: false }).await;
}

struct Client<S> {
    stream: BufReader<S>,
    /// A line that has arrived in part.
    buffer: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    async fn converse(
        &mut self,
        requests: &mpsc::Sender<IncomingRequest>,
    ) -> Result<(), FrameError> {
        let mut bucket = TokenBucket::new(REQUEST_RATE, Instant::now().into_std());
        loop {
            let (id, answer) = match self.recv().await {
                Ok(None) => return Ok(()),
                Ok(Some(Request { id, body })) => match ask(body, requests).await {
                    Some(answer) => (id, answer),
                    // The session is over.
                    None => return Ok(()),
                },
                Err(FrameError::Malformed(error)) => {
                    // The error repeats the request, which may fill a whole frame and grows when it is
                    // escaped; the response has to fit into a frame as well.
                    let text = terminal::sanitize_line(&error.to_string());
                    (0, Answer::Body(ResponseBody::Error { text }))
                }
                Err(error) => return Err(error),
            };
            match answer {
                Answer::Body(body) => self.send_all(answer::split(id, body)).await?,
                Answer::Events(events) => return self.stream_events(id, events).await,
            }
            while let Err(wait) = bucket.take(Instant::now().into_std()) {
                sleep(wait).await;
            }
        }
    }

    /// The next request; `None` at the end of the stream.
    async fn recv(&mut self) -> Result<Option<Request>, FrameError> {
        match timeout(CLIENT_TIMEOUT, frame::read(&mut self.stream, &mut self.buffer)).await {
            Ok(read) => read,
            Err(_) => Ok(None),
        }
    }

    async fn send_all(&mut self, lines: Vec<Response>) -> Result<(), FrameError> {
        for line in lines {
            self.send(&line).await?;
        }
        Ok(())
    }

    async fn send(&mut self, line: &Response) -> Result<(), FrameError> {
        Ok(self.write(&frame::encode(line)?, CLIENT_TIMEOUT).await?)
    }

    async fn write(&mut self, bytes: &[u8], limit: Duration) -> io::Result<()> {
        let stream = self.stream.get_mut();
        let write = async {
            stream.write_all(bytes).await?;
            stream.flush().await
        };
        timeout(limit, write).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Sends events until one of the three ends: the session, the client, or its reading in time.
    async fn stream_events(
        &mut self,
        id: u64,
        mut events: broadcast::Receiver<EventLine>,
    ) -> Result<(), FrameError> {
        self.send(&Response { id, body: ResponseBody::Watching, more: false }).await?;
        loop {
            let event = tokio::select! {
                event = events.recv() => event,
                () = end_of(&mut self.stream) => return Ok(()),
            };
            match event {
                Ok(EventLine::Event(line)) => {
                    self.write(format!("{line}\n").as_bytes(), WATCHER_TIMEOUT).await?;
                }
                // It was too slow, and has missed some.
                Err(broadcast::error::RecvError::Lagged(_)) => return Ok(()),
                Ok(EventLine::End) | Err(broadcast::error::RecvError::Closed) => return Ok(()),
            }
        }
    }
}

/// Discards what a client sends, and returns when it ends, or has sent as much as fits into a line.
async fn end_of(stream: impl AsyncRead + Unpin) {
    let mut stream = stream.take(frame::MAX_FRAME_BYTES as u64);
    let mut discarded = [0; 1024];
    while let Ok(1..) = stream.read(&mut discarded).await {}
}

/// The session's answer; `None` when the session is over.
async fn ask(body: RequestBody, requests: &mpsc::Sender<IncomingRequest>) -> Option<Answer> {
    let (sender, receiver) = oneshot::channel();
    requests.send((body, sender)).await.ok()?;
    match timeout(ANSWER_TIMEOUT, receiver).await {
        Ok(answer) => answer.ok(),
        Err(_) => {
            let text = "the session did not answer in time; try again".to_owned();
            Some(Answer::Body(ResponseBody::Error { text }))
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncBufReadExt as _, DuplexStream, duplex};

    use super::*;

    /// A session that answers each ping, and lets clients watch `events`.
    fn session(events: &broadcast::Sender<EventLine>) -> mpsc::Sender<IncomingRequest> {
        let (sender, mut requests) = mpsc::channel::<IncomingRequest>(1);
        let events = events.clone();
        tokio::spawn(async move {
            while let Some((request, answer)) = requests.recv().await {
                let _ = answer.send(if request == RequestBody::Watch {
                    Answer::Events(events.subscribe())
                } else {
                    Answer::Body(ResponseBody::Stopping)
                });
            }
        });
        sender
    }

    /// A client with a small buffer on the way to it.
    fn client(events: &broadcast::Sender<EventLine>) -> BufReader<DuplexStream> {
        let (ours, theirs) = duplex(64);
        tokio::spawn(serve(theirs, session(events)));
        BufReader::new(ours)
    }

    async fn line(client: &mut BufReader<DuplexStream>) -> String {
        let mut line = String::new();
        client.read_line(&mut line).await.unwrap();
        line
    }

    fn events() -> broadcast::Sender<EventLine> {
        broadcast::Sender::new(4)
    }

    async fn watch(client: &mut BufReader<DuplexStream>) {
        client.get_mut().write_all(b"{\"id\":2,\"type\":\"watch\"}\n").await.unwrap();
        assert_eq!(line(client).await, "{\"id\":2,\"type\":\"watching\"}\n");
    }

    fn event(number: usize) -> EventLine {
        EventLine::Event(format!("{{\"event\":\"{number}\"}}").into())
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_watches_gets_each_event_until_the_last() {
        let events = events();
        let mut client = client(&events);
        watch(&mut client).await;
        for number in 0..100 {
            events.send(event(number)).unwrap();
            assert_eq!(line(&mut client).await, format!("{{\"event\":\"{number}\"}}\n"));
        }
        // As long as it likes, without a request.
        tokio::time::advance(CLIENT_TIMEOUT * 10).await;
        events.send(event(100)).unwrap();
        assert_eq!(line(&mut client).await, "{\"event\":\"100\"}\n");
        events.send(EventLine::End).unwrap();
        assert_eq!(line(&mut client).await, "");
        events.closed().await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_watches_and_does_not_read_is_cut_off() {
        let events = events();
        let mut client = client(&events);
        watch(&mut client).await;
        // More than the buffer and the queue hold. What waits is bounded.
        for number in 0..100 {
            events.send(event(number)).unwrap();
            tokio::task::yield_now().await;
        }
        events.closed().await;
        let mut received = 0;
        while !line(&mut client).await.is_empty() {
            received += 1;
        }
        assert!((1..20).contains(&received), "{received}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_watches_may_leave_and_may_not_flood() {
        let events = events();
        let mut leaving = client(&events);
        watch(&mut leaving).await;
        drop(leaving);
        events.closed().await;
        let mut flooding = client(&events);
        watch(&mut flooding).await;
        let flood = flooding.get_mut().write_all(&[b'x'; 2 * frame::MAX_FRAME_BYTES]).await;
        assert!(flood.is_err());
        events.closed().await;
    }

    #[tokio::test(start_paused = true)]
    async fn half_a_line_is_waited_for_no_longer_than_a_whole_one() {
        let mut client = client(&events());
        client.get_mut().write_all(b"{\"id\":1,").await.unwrap();
        let start = Instant::now();
        assert_eq!(line(&mut client).await, "");
        assert_eq!(start.elapsed(), CLIENT_TIMEOUT);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_floods_is_slowed_down() {
        let mut client = client(&events());
        let start = Instant::now();
        for _ in 0..1200 {
            client.get_mut().write_all(b"{\"id\":1,\"type\":\"ping\"}\n").await.unwrap();
            assert!(line(&mut client).await.contains("stopping"));
        }
        // The first 200 at once, 100 more each second.
        assert!(start.elapsed() >= Duration::from_secs(9), "{:?}", start.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_that_gives_no_answer_is_not_waited_for() {
        let (sender, mut requests) = mpsc::channel::<IncomingRequest>(1);
        let (ours, theirs) = duplex(1024);
        tokio::spawn(serve(theirs, sender));
        let mut client = BufReader::new(ours);
        client.get_mut().write_all(b"{\"id\":1,\"type\":\"who\"}\n").await.unwrap();
        let unanswered = requests.recv().await;
        assert!(line(&mut client).await.contains("did not answer in time"));
        drop(unanswered);
    }
}
