//! A service that runs: what it says goes into the queue, what it is told goes over its lifeline, and
//! its last words are kept for the sentence about its end.

use std::os::fd::OwnedFd;
use std::process::Command;
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::io::{AsyncBufRead, BufReader};
use tokio::net::unix::pipe;
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinHandle};

use super::protocol::{Protocol, Violation};
use super::{Input, Role};
use crate::control::{self, FrameError, Inbox, Outbox, ToGuard, ToServe, ToTunnel};
use crate::line_reader::{LineEnd, read_line};
use crate::process::{ExitReason, ServiceProcess, SpawnError};
use crate::rate_limit::TokenBucket;
use crate::terminal::{sanitize_line, truncate_to_bytes};

/// Orders to a service that it has not read yet; it gets fewer than ten in its life.
const ORDERS: usize = 16;

/// Longest line of a service's standard error that is kept for the sentence about its end.
const LAST_WORDS: usize = 1024;

/// Bytes on a service's standard error in all its life. Ours write a line when they fail; 16 MiB are
/// a service that does nothing else.
const STDERR_BYTES: u64 = 16 * 1024 * 1024;

/// Bytes of what was not understood that are repeated in the sentence about it.
const EXCERPT_BYTES: usize = 160;

/// How long the words of a dead service may take to arrive. They are in the kernel already; only
/// somebody who has inherited its streams and left its group can hold up their end.
pub(super) const ECHO: Duration = Duration::from_millis(200);

/// A service that runs.
#[derive(Debug)]
pub(in crate::supervisor) struct Running<Order> {
    role: Role,
    service: ServiceProcess,
    /// `None`: it was let go of.
    orders: Option<mpsc::Sender<Order>>,
    /// Whether it was told what its most important message answers.
    awaited: watch::Sender<bool>,
    /// Passes on what it says.
    listening: AbortHandle,
    /// Ends with the last that it said on its standard error, once all its messages are queued.
    voice: JoinHandle<Option<String>>,
}

/// An order after which a service says what it may not say before.
pub(in crate::supervisor) trait Awaited {
    /// Whether this is it.
    fn is_awaited(&self) -> bool;
}

impl Awaited for ToServe {
    fn is_awaited(&self) -> bool {
        matches!(self, ToServe::Drain)
    }
}

impl Awaited for ToTunnel {
    fn is_awaited(&self) -> bool {
        matches!(self, ToTunnel::Open { .. })
    }
}

impl Awaited for ToGuard {
    fn is_awaited(&self) -> bool {
        false
    }
}

impl<Order: Awaited> Running<Order> {
    /// Tells it something. One that does not listen any more is noticed by its end.
    pub(in crate::supervisor) fn tell(&self, order: Order) {
        if order.is_awaited() {
            self.awaited.send_replace(true);
        }
        if let Some(orders) = &self.orders {
            let _ = orders.try_send(order);
        }
    }

    /// Lets go of its lifeline, once everything that it was told is written: it ends in order.
    pub(in crate::supervisor) fn release(&mut self) {
        self.orders = None;
    }

    /// Its process.
    pub(in crate::supervisor) fn service(&self) -> &ServiceProcess {
        &self.service
    }

    /// Lets [`Input::Ended`] follow the last that a dead service has said: why it ended stands
    /// there, and the news of a death is faster than the words before it.
    pub(in crate::supervisor) fn bury(self, reason: ExitReason, inputs: mpsc::Sender<Input>) {
        tokio::spawn(async move {
            let words = tokio::time::timeout(ECHO, self.voice).await;
            // A process that has inherited its end must not be taken for the next of its kind.
            self.listening.abort();
            let how = match words {
                Ok(Ok(Some(words))) => format!("{reason}: {words}"),
                Ok(_) | Err(_) => reason.to_string(),
            };
            let _ = inputs.send(Input::Ended(self.role, how)).await;
        });
    }
}

/// Starts `command` as the service of this role, on a lifeline, with its messages wrapped for the
/// queue.
///
/// # Errors
/// When the system does not start it.
pub(super) fn start<P, Order>(
    role: Role,
    mut command: Command,
    session: &str,
    inputs: &mpsc::Sender<Input>,
    wrap: fn(P::Message) -> Option<Input>,
) -> Result<Running<Order>, SpawnError>
where
    P: Protocol,
    Order: Serialize + Send + Sync + 'static,
{
    let name = role.program();
    let refused = |source| SpawnError::Refused { name, source };
    let (inbox, outbox, theirs) = control::pair::<P::Message, Order>().map_err(refused)?;
    command.stdin(theirs);
    let mut service = ServiceProcess::spawn(name, command, session)?;
    let stderr = receiver(name, service.stderr.take())?;
    let (orders, orders_in) = mpsc::channel(ORDERS);
    let awaited = watch::Sender::new(false);
    let listener =
        Listening::<P> { role, inbox, inputs: inputs.clone(), awaited: awaited.subscribe() };
    let heard = tokio::spawn(listener.run(wrap));
    let listening = heard.abort_handle();
    tokio::spawn(speak(outbox, orders_in));
    let inputs = inputs.clone();
    let voice = tokio::spawn(async move {
        let last = match stderr {
            Some(stderr) => last_words(role, stderr, inputs).await,
            None => None,
        };
        let _ = heard.await;
        last
    });
    Ok(Running { role, service, orders: Some(orders), awaited, listening, voice })
}

/// One who listens to a service.
struct Listening<P: Protocol> {
    role: Role,
    inbox: Inbox<P::Message>,
    inputs: mpsc::Sender<Input>,
    awaited: watch::Receiver<bool>,
}

impl<P: Protocol> Listening<P> {
    /// Passes on what the service says, until it ends or breaks a rule. Nothing is read after that.
    async fn run(mut self, wrap: fn(P::Message) -> Option<Input>) {
        let mut protocol = P::default();
        let mut bucket = TokenBucket::new(P::RATE_LIMIT, Instant::now());
        loop {
            let input = match self.next(&mut protocol, &mut bucket).await {
                Ok(Some(message)) => wrap(message),
                Ok(None) => return,
                Err(violation) => {
                    let _ = self.inputs.send(Input::Violated(self.role, violation)).await;
                    return;
                }
            };
            if let Some(input) = input
                && self.inputs.send(input).await.is_err()
            {
                return;
            }
        }
    }

    /// The next message that may be said now; `None` when the service has closed its end.
    async fn next(
        &mut self,
        protocol: &mut P,
        bucket: &mut TokenBucket,
    ) -> Result<Option<P::Message>, Violation> {
        let Self { inbox, awaited, .. } = self;
        let received = loop {
            let timeout = protocol.timeout(*awaited.borrow_and_update());
            let changed = async {
                // An error means that nothing is ordered any more.
                if awaited.changed().await.is_err() {
                    std::future::pending().await
                }
            };
            tokio::select! {
                received = inbox.recv() => break received,
                () = changed => {}
                timeout = silence(timeout) => return Err(silent(timeout)),
            }
        };
        match received {
            Ok(Some(message)) => {
                bucket.take(Instant::now()).map_err(|_| {
                    Violation::Hostile(format!("talks too much (more than {})", P::RATE_LIMIT))
                })?;
                protocol.recv(&message, *self.awaited.borrow())?;
                Ok(Some(message))
            }
            Ok(None) | Err(FrameError::Io(_)) => Ok(None),
            Err(FrameError::TooLong) => {
                Err(Violation::Hostile("said a line that is too long".to_owned()))
            }
            // Of another version, most likely: ours would say nothing that we do not know.
            Err(FrameError::Malformed(_)) if !protocol.has_greeted() => {
                Err(Violation::Stranger("speaks another version's language".to_owned()))
            }
            Err(FrameError::Malformed(error)) => Err(Violation::Hostile(format!(
                "said something that this version does not understand ({})",
                excerpt(&error.to_string())
            ))),
        }
    }
}

/// The last line of `stderr` that is not empty, once it has ended. Always reads on: a program whose
/// standard error is full stops working.
async fn last_words(
    role: Role,
    stderr: pipe::Receiver,
    inputs: mpsc::Sender<Input>,
) -> Option<String> {
    let (mut last, mut bytes, mut told) = (None, 0, false);
    let mut reader = BufReader::new(stderr);
    while let Some(line) = next_line(&mut reader, LAST_WORDS).await {
        bytes += line.len() as u64 + 1;
        if bytes <= STDERR_BYTES {
            last = Some(sanitize_line(&line)).filter(|line| !line.is_empty()).or(last);
        } else if !std::mem::replace(&mut told, true) {
            let text = format!("talks too much (more than {STDERR_BYTES} bytes of errors)");
            let _ = inputs.send(Input::Violated(role, Violation::Hostile(text))).await;
        }
    }
    last
}

async fn speak<Order: Serialize>(mut outbox: Outbox<Order>, mut orders: mpsc::Receiver<Order>) {
    while let Some(order) = orders.recv().await {
        if outbox.send(&order).await.is_err() {
            return;
        }
    }
}

/// A pipe of a service, to be read by the runtime.
pub(super) fn receiver(
    name: &'static str,
    pipe: Option<impl Into<OwnedFd>>,
) -> Result<Option<pipe::Receiver>, SpawnError> {
    let pipe = pipe.map(|pipe| pipe::Receiver::from_owned_fd(pipe.into()));
    pipe.transpose().map_err(|source| SpawnError::Refused { name, source })
}

/// The next line of a stream, in pieces of at most `max_bytes`; `None` at its end.
pub(super) async fn next_line(
    reader: &mut (impl AsyncBufRead + Unpin),
    max_bytes: usize,
) -> Option<String> {
    let mut line = Vec::new();
    match read_line(reader, &mut line, max_bytes).await {
        Ok(LineEnd::Eof) if line.is_empty() => None,
        Err(_) => None,
        Ok(_) => Some(String::from_utf8_lossy(&line).trim_end().to_owned()),
    }
}

/// The beginning of what a service said, as it may be shown.
pub(super) fn excerpt(text: &str) -> String {
    let start = truncate_to_bytes(text, EXCERPT_BYTES);
    let rest = if start.len() < text.len() { "…" } else { "" };
    format!("{}{rest}", sanitize_line(start))
}

/// Returns once a service has been silent for as long as it may be.
async fn silence(timeout: Option<Duration>) -> Duration {
    match timeout {
        Some(timeout) => {
            tokio::time::sleep(timeout).await;
            timeout
        }
        None => std::future::pending().await,
    }
}

fn silent(patience: Duration) -> Violation {
    Violation::Hostile(format!("was silent for {} s while it had to answer", patience.as_secs()))
}
