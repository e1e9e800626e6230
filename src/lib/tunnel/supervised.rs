//! Under a supervisor: requests come over the control channel, and its end of file ends the program.

use tokio::sync::mpsc;

use super::cli::NAME;
use super::context::{Context, ProcessGroup, TunnelRequest};
use super::lifecycle;
use super::origin::Origin;
use super::status_sink::StatusSink;
use crate::control::{self, FrameError, FromTunnel, Inbox, ToTunnel, VERSION};
use crate::exit::Exit;
use crate::process::TerminationSignals;
use crate::terminal;

/// Requests that may wait. While the queue is full, no message and no signal is received.
const REQUEST_QUEUE: usize = 4;

/// Greets the supervisor, waits for [`ToTunnel::Start`], and runs until it is to stop.
pub(super) async fn run() -> Exit {
    let adopted = control::from_stdin::<ToTunnel, FromTunnel>();
    let (inbox, outbox, signals) = match (adopted, TerminationSignals::catch()) {
        (Ok((inbox, outbox)), Ok(signals)) => (inbox, outbox, signals),
        (Err(error), _) | (_, Err(error)) => {
            terminal::print_error(NAME, &error);
            return Exit::Failed;
        }
    };
    let mut status = StatusSink::Supervisor(outbox);
    let hello = FromTunnel::Hello { version: VERSION.to_owned() };
    if status.send(hello).await.is_err() {
        return Exit::Ended;
    }
    let mut supervisor = Supervisor { inbox, signals };
    let context = match supervisor.wait_for_start().await {
        Ok(context) => context,
        Err(exit) => return exit,
    };
    let (sender, mut requests) = mpsc::channel(REQUEST_QUEUE);
    tokio::spawn(supervisor.forward_requests(sender));
    lifecycle::run(&context, &mut requests, &mut status).await
}

/// The sources of requests: the control channel, and signals that the user's terminal sends.
struct Supervisor {
    inbox: Inbox<ToTunnel>,
    signals: TerminationSignals,
}

enum SupervisorEvent {
    Message(ToTunnel),
    Signal,
    /// End of file: the supervisor is gone.
    Disconnected,
}

impl Supervisor {
    async fn wait_for_start(&mut self) -> Result<Context, Exit> {
        loop {
            match self.next_event().await {
                SupervisorEvent::Message(ToTunnel::Start { tunnel, confine, run_dir }) => {
                    return Ok(Context {
                        settings: tunnel,
                        run_dir,
                        confinement: confine,
                        process_group: ProcessGroup::Inherited,
                    });
                }
                // Out of order; ignored.
                SupervisorEvent::Message(ToTunnel::Open { .. }) => {}
                SupervisorEvent::Message(ToTunnel::Close)
                | SupervisorEvent::Signal
                | SupervisorEvent::Disconnected => return Err(Exit::Ended),
            }
        }
    }

    /// Runs until [`TunnelRequest::Kill`] is sent, or the receiver is dropped.
    async fn forward_requests(mut self, requests: mpsc::Sender<TunnelRequest>) {
        let mut closing = false;
        loop {
            let request = match self.next_event().await {
                SupervisorEvent::Message(ToTunnel::Start { .. }) => continue,
                SupervisorEvent::Message(ToTunnel::Open { origin }) => {
                    TunnelRequest::Open(Origin::from_listen_address(origin))
                }
                // A signal during the shutdown is the user's second Ctrl+C.
                SupervisorEvent::Signal if closing => TunnelRequest::Kill(Exit::Killed),
                SupervisorEvent::Message(ToTunnel::Close) | SupervisorEvent::Signal => {
                    closing = true;
                    TunnelRequest::Close
                }
                SupervisorEvent::Disconnected => TunnelRequest::Kill(Exit::Ended),
            };
            let is_last = matches!(request, TunnelRequest::Kill(_));
            if requests.send(request).await.is_err() || is_last {
                return;
            }
        }
    }

    /// The next event. A malformed message is reported on stderr and skipped.
    async fn next_event(&mut self) -> SupervisorEvent {
        loop {
            tokio::select! {
                _ = self.signals.recv() => return SupervisorEvent::Signal,
                message = self.inbox.recv() => match message {
                    Ok(Some(message)) => return SupervisorEvent::Message(message),
                    Err(FrameError::Malformed(error)) => terminal::print_error(NAME, &error),
                    Ok(None) | Err(FrameError::Io(_) | FrameError::TooLong) => {
                        return SupervisorEvent::Disconnected;
                    }
                },
            }
        }
    }
}
