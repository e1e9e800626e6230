//! A running service: its orders, and the last line of its standard error.

use std::process::Command;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::BufReader;
use tokio::net::unix::pipe;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinHandle};

use super::event::{ChildEvent, ChildRole};
use super::message_reader::MessageReader;
use super::output::{next_line, pipe_receiver};
use super::protocol::{Protocol, Violation};
use crate::control::{self, Outbox, ToGuard, ToServe, ToTunnel};
use crate::process::{ExitReason, ServiceProcess, SpawnError};
use crate::terminal::sanitize_line;

/// Orders that a service has not read yet. Most services get fewer than ten in their life. The relay of a
/// sealed room gets one for each knock, and 32 for each change of a thousand people; so many wait if all
/// of them come while it does something else. They are at most 12 KiB each, and 200 bytes for a knock.
const MAX_QUEUED_ORDERS: usize = 2048;

/// Longer lines of standard error are quoted in pieces.
const MAX_STDERR_LINE_BYTES: usize = 1024;

/// Bound on all of standard error. A service writes a line when it fails; 16 MiB is an attack.
const MAX_STDERR_BYTES: u64 = 16 * 1024 * 1024;

/// How long the output of a dead child is read. It is in the kernel already; only a process that
/// inherited the stream and left the child's group can keep it open.
pub(super) const DRAIN_TIMEOUT: Duration = Duration::from_millis(200);

/// A process of this session that the supervisor spawned and has not reaped.
pub(super) trait Child {
    fn process(&self) -> &ServiceProcess;

    /// Queues the event about its exit, once everything that it wrote before is queued.
    fn report_exit(self, reason: ExitReason, events: mpsc::Sender<ChildEvent>);
}

/// A message to a service.
pub(super) trait Order: Serialize + Send + Sync + 'static {
    /// Whether the protocol permits an answer from now on that it did not permit before.
    fn permits_answer(&self) -> bool;
}

impl Order for ToServe {
    fn permits_answer(&self) -> bool {
        matches!(self, ToServe::Drain)
    }
}

impl Order for ToTunnel {
    fn permits_answer(&self) -> bool {
        matches!(self, ToTunnel::Open { .. })
    }
}

impl Order for ToGuard {
    fn permits_answer(&self) -> bool {
        false
    }
}

/// [`MAX_QUEUED_ORDERS`] wait for a service. Follows its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("does not read its messages (more than {MAX_QUEUED_ORDERS} wait)")]
pub(in crate::supervisor) struct NotReading;

/// A service with its lifeline, over which it gets orders of type `O` and sends its messages.
#[derive(Debug)]
pub(super) struct Service<O> {
    role: ChildRole,
    process: ServiceProcess,
    /// `None` once the lifeline is closed.
    orders: Option<mpsc::Sender<O>>,
    answer_permitted: watch::Sender<bool>,
    message_task: AbortHandle,
    /// Returns the last line of standard error, once all messages are queued.
    stderr_task: JoinHandle<Option<String>>,
}

impl<O: Order> Service<O> {
    /// Spawns `command` with a lifeline as its standard input. Each message that passes
    /// `protocol` is queued as the event that `wrap` makes of it.
    ///
    /// # Errors
    /// When the system does not spawn it.
    pub(super) fn spawn<P, Message>(
        role: ChildRole,
        protocol: P,
        mut command: Command,
        session_id: &str,
        events: &mpsc::Sender<ChildEvent>,
        wrap: fn(Message) -> Option<ChildEvent>,
    ) -> Result<Self, SpawnError>
    where
        P: Protocol<Message>,
        Message: DeserializeOwned + Send + 'static,
    {
        let name = role.program();
        let refused = |source| SpawnError::Refused { name, source };
        let (inbox, outbox, lifeline) = control::pair::<Message, O>().map_err(refused)?;
        command.stdin(lifeline);
        let spawn = if role == ChildRole::Guard {
            ServiceProcess::spawn_guard
        } else {
            ServiceProcess::spawn
        };
        let mut process = spawn(name, command, session_id)?;
        let stderr = pipe_receiver(name, process.stderr.take())?;
        let (orders, queued_orders) = mpsc::channel(MAX_QUEUED_ORDERS);
        tokio::spawn(send_orders(outbox, queued_orders));
        let answer_permitted = watch::Sender::new(false);
        let reader = MessageReader::new(protocol, inbox, answer_permitted.subscribe());
        let messages = tokio::spawn(reader.run(role, events.clone(), wrap));
        let message_task = messages.abort_handle();
        let events = events.clone();
        let stderr_task = tokio::spawn(async move {
            let last_line = match stderr {
                Some(stderr) => last_line(role, stderr, events).await,
                None => None,
            };
            let _ = messages.await;
            last_line
        });
        let orders = Some(orders);
        Ok(Self { role, process, orders, answer_permitted, message_task, stderr_task })
    }

    /// Queues an order. It is dropped if the service reads none any more; a timer then kills it.
    pub(super) fn send(&self, order: O) {
        if order.permits_answer() {
            self.answer_permitted.send_replace(true);
        }
        if let Some(orders) = &self.orders {
            let _ = orders.try_send(order);
        }
    }

    /// Queues all of these orders, or none.
    ///
    /// # Errors
    /// When they do not fit, because the service does not read.
    pub(super) fn send_all(&self, orders: Vec<O>) -> Result<(), NotReading> {
        let Some(queue) = &self.orders else { return Ok(()) };
        match queue.try_reserve_many(orders.len()) {
            Ok(places) => {
                places.zip(orders).for_each(|(place, order)| {
                    place.send(order);
                });
                Ok(())
            }
            // It has exited, which is reported.
            Err(TrySendError::Closed(())) => Ok(()),
            Err(TrySendError::Full(())) => Err(NotReading),
        }
    }

    /// Closes the lifeline, once every order is written: the service exits in order.
    pub(super) fn close_lifeline(&mut self) {
        self.orders = None;
    }
}

impl<O> Child for Service<O> {
    fn process(&self) -> &ServiceProcess {
        &self.process
    }

    /// Waits for the output first: SIGCHLD is faster, and the last line gives the reason of the exit.
    fn report_exit(self, reason: ExitReason, events: mpsc::Sender<ChildEvent>) {
        tokio::spawn(async move {
            let last_line = tokio::time::timeout(DRAIN_TIMEOUT, self.stderr_task).await;
            // A process that inherited this lifeline must not speak for the next service.
            self.message_task.abort();
            let how = match last_line {
                Ok(Ok(Some(line))) => format!("{reason}: {line}"),
                Ok(_) | Err(_) => reason.to_string(),
            };
            let _ = events.send(ChildEvent::Exited(self.role, how)).await;
        });
    }
}

async fn send_orders<O: Serialize>(mut outbox: Outbox<O>, mut orders: mpsc::Receiver<O>) {
    while let Some(order) = orders.recv().await {
        if outbox.send(&order).await.is_err() {
            return;
        }
    }
}

/// The last line of `stderr` that is not empty. Reads to the end: a full pipe blocks the service.
async fn last_line(
    role: ChildRole,
    stderr: pipe::Receiver,
    events: mpsc::Sender<ChildEvent>,
) -> Option<String> {
    let (mut last, mut bytes, mut reported) = (None, 0, false);
    let mut reader = BufReader::new(stderr);
    while let Some(line) = next_line(&mut reader, MAX_STDERR_LINE_BYTES).await {
        bytes += line.len() as u64 + 1;
        if bytes <= MAX_STDERR_BYTES {
            last = Some(sanitize_line(&line)).filter(|line| !line.is_empty()).or(last);
        } else if !std::mem::replace(&mut reported, true) {
            let what =
                format!("wrote too much to standard error (more than {MAX_STDERR_BYTES} bytes)");
            let _ = events.send(ChildEvent::Violated(role, Violation::Hostile(what))).await;
        }
    }
    last
}
