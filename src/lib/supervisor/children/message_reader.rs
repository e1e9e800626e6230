//! The messages of a service, each checked before it is queued.

use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use tokio::sync::{mpsc, watch};

use super::event::{ChildEvent, ChildRole};
use super::output::excerpt;
use super::protocol::{Protocol, Violation};
use crate::control::{FrameError, Inbox};
use crate::rate_limit::TokenBucket;

/// Receives the messages of one service and checks each against its rate limit and its protocol `P`.
pub(super) struct MessageReader<P, Message> {
    inbox: Inbox<Message>,
    protocol: P,
    bucket: TokenBucket,
    answer_permitted: watch::Receiver<bool>,
}

impl<P: Protocol<Message>, Message: DeserializeOwned> MessageReader<P, Message> {
    /// A reader before the greeting. Answers are permitted once `answer_permitted` is true.
    pub(super) fn new(
        protocol: P,
        inbox: Inbox<Message>,
        answer_permitted: watch::Receiver<bool>,
    ) -> Self {
        let bucket = TokenBucket::new(P::RATE_LIMIT, Instant::now());
        Self { inbox, protocol, bucket, answer_permitted }
    }

    /// Queues what `wrap` makes of each message, until the service closes its end or breaks `P`.
    pub(super) async fn run(
        mut self,
        role: ChildRole,
        events: mpsc::Sender<ChildEvent>,
        wrap: fn(Message) -> Option<ChildEvent>,
    ) {
        loop {
            let event = match self.next().await {
                Ok(Some(message)) => wrap(message),
                Ok(None) => return,
                Err(violation) => {
                    let _ = events.send(ChildEvent::Violated(role, violation)).await;
                    return;
                }
            };
            if let Some(event) = event
                && events.send(event).await.is_err()
            {
                return;
            }
        }
    }

    /// The next message that the protocol permits; `None` when the service has closed its end.
    async fn next(&mut self) -> Result<Option<Message>, Violation> {
        let Self { inbox, protocol, bucket, answer_permitted } = self;
        let received = loop {
            let timeout = protocol.silence_timeout(*answer_permitted.borrow_and_update());
            let order_sent = async {
                // An error means that no order follows.
                if answer_permitted.changed().await.is_err() {
                    std::future::pending().await
                }
            };
            tokio::select! {
                received = inbox.recv() => break received,
                () = order_sent => {}
                timeout = expired(timeout) => return Err(Violation::silent(timeout)),
            }
        };
        match received {
            Ok(Some(message)) => {
                bucket.take(Instant::now()).map_err(|_| {
                    let limit = P::RATE_LIMIT;
                    Violation::Hostile(format!("sent too many messages (more than {limit})"))
                })?;
                protocol.check(&message, *answer_permitted.borrow())?;
                Ok(Some(message))
            }
            Ok(None) | Err(FrameError::Io(_)) => Ok(None),
            Err(FrameError::TooLong) => {
                Err(Violation::Hostile("sent a line that is too long".to_owned()))
            }
            // A service of this version sends no invalid message as its first.
            Err(FrameError::Malformed(_)) if !protocol.has_greeted() => {
                Err(Violation::VersionMismatch("is of another version".to_owned()))
            }
            Err(FrameError::Malformed(error)) => Err(Violation::Hostile(format!(
                "sent an invalid message ({})",
                excerpt(&error.to_string())
            ))),
        }
    }
}

/// Returns `timeout` once it has passed; never without one.
async fn expired(timeout: Option<Duration>) -> Duration {
    match timeout {
        Some(timeout) => {
            tokio::time::sleep(timeout).await;
            timeout
        }
        None => std::future::pending().await,
    }
}
