//! A service that runs: what it says goes into the queue, what it is told goes over its lifeline, and
//! its last words are kept for the sentence about its end.

use std::os::fd::OwnedFd;
use std::process::Command;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, BufReader};
use tokio::net::unix::pipe;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::{Input, Role};
use crate::control::{self, FrameError, FromGuard, FromServe, FromTunnel, Inbox, Outbox, VERSION};
use crate::process::{ExitReason, Service, SpawnError};
use crate::terminal::harmless;

/// Orders to a service that it has not read yet; it gets fewer than ten in its life.
const ORDERS: usize = 16;

/// Longest line of a service's standard error that is kept for the sentence about its end.
const LAST_WORDS: u64 = 1024;

/// How long the words of a dead service may take to arrive. They are in the kernel already; only
/// somebody who has inherited its streams and left its group can hold up their end.
pub(super) const ECHO: Duration = Duration::from_millis(200);

/// A service that runs.
#[derive(Debug)]
pub(in crate::supervisor) struct Running<Order> {
    role: Role,
    service: Service,
    /// `None`: it was let go of.
    orders: Option<mpsc::Sender<Order>>,
    /// Ends with the last that it said on its standard error, once all its messages are queued.
    voice: JoinHandle<Option<String>>,
}

/// A message that begins with the version of its sender.
pub(super) trait Greets {
    /// That version, if this is such a message.
    fn version(&self) -> Option<&str>;
}

impl Greets for FromServe {
    fn version(&self) -> Option<&str> {
        if let FromServe::Hello { version } = self { Some(version) } else { None }
    }
}

impl Greets for FromTunnel {
    fn version(&self) -> Option<&str> {
        if let FromTunnel::Hello { version } = self { Some(version) } else { None }
    }
}

impl Greets for FromGuard {
    fn version(&self) -> Option<&str> {
        let FromGuard::Hello { version } = self;
        Some(version)
    }
}

impl<Order> Running<Order> {
    /// Tells it something. One that does not listen any more is noticed by its end.
    pub(in crate::supervisor) fn tell(&self, order: Order) {
        if let Some(orders) = &self.orders {
            let _ = orders.try_send(order);
        }
    }

    /// Lets go of its lifeline, once everything that it was told is written: it ends in order.
    pub(in crate::supervisor) fn release(&mut self) {
        self.orders = None;
    }

    /// Its process.
    pub(in crate::supervisor) fn service(&self) -> &Service {
        &self.service
    }

    /// Lets [`Input::Ended`] follow the last that a dead service has said: why it ended stands
    /// there, and the news of a death is faster than the words before it.
    pub(in crate::supervisor) fn bury(self, reason: ExitReason, inputs: mpsc::Sender<Input>) {
        tokio::spawn(async move {
            let words = tokio::time::timeout(ECHO, self.voice).await;
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
pub(super) fn start<From, Order>(
    role: Role,
    mut command: Command,
    session: &str,
    inputs: &mpsc::Sender<Input>,
    wrap: fn(From) -> Option<Input>,
) -> Result<Running<Order>, SpawnError>
where
    From: DeserializeOwned + Greets + Send + 'static,
    Order: Serialize + Send + Sync + 'static,
{
    let name = role.program();
    let refused = |source| SpawnError::Refused { name, source };
    let (inbox, outbox, theirs) = control::pair::<From, Order>().map_err(refused)?;
    command.stdin(theirs);
    let mut service = Service::start(name, command, session)?;
    let stderr = receiver(name, service.stderr.take())?;
    let (orders, orders_in) = mpsc::channel(ORDERS);
    let listening = tokio::spawn(listen(role, inbox, inputs.clone(), wrap));
    tokio::spawn(speak(outbox, orders_in));
    let voice = tokio::spawn(async move {
        let mut last = None;
        if let Some(stderr) = stderr {
            each_line(stderr, |line| last = Some(harmless(line))).await;
        }
        let _ = listening.await;
        last
    });
    Ok(Running { role, service, orders: Some(orders), voice })
}

/// Passes on what a service says, after it has shown that it is of our version.
async fn listen<From: DeserializeOwned + Greets>(
    role: Role,
    mut inbox: Inbox<From>,
    inputs: mpsc::Sender<Input>,
    wrap: fn(From) -> Option<Input>,
) {
    let mut greeted = false;
    loop {
        let input = match inbox.receive().await {
            Ok(Some(message)) => match message.version() {
                Some(version) if version == VERSION => {
                    greeted = true;
                    continue;
                }
                Some(version) => Input::Stranger(role, format!("is version {}", harmless(version))),
                None if greeted => match wrap(message) {
                    Some(input) => input,
                    None => continue,
                },
                None => Input::Stranger(role, "did not say its version".to_owned()),
            },
            // Of another version, most likely: ours would say nothing that we do not know.
            Err(FrameError::NotUnderstood(_)) if !greeted => {
                Input::Stranger(role, "speaks another version's language".to_owned())
            }
            Err(FrameError::NotUnderstood(_)) => continue,
            Ok(None) | Err(FrameError::Broken(_) | FrameError::TooLong) => return,
        };
        if inputs.send(input).await.is_err() {
            return;
        }
    }
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

/// Calls `take` with each line, cut at a bound, until the stream ends. Always reads on: a program
/// whose standard error is full stops working.
pub(super) async fn each_line(stream: impl AsyncRead + Unpin, mut take: impl FnMut(&str)) {
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    loop {
        line.clear();
        match (&mut reader).take(LAST_WORDS).read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => return,
            Ok(_) => take(String::from_utf8_lossy(&line).trim_end()),
        }
    }
}
