//! Under a supervisor: told what to do over the lifeline, ended by its end.

use tokio::sync::mpsc;

use super::NAME;
use super::cloudflared::Group;
use super::drive::{self, Ask, Ground};
use super::origin::Origin;
use super::report::Report;
use crate::control::{self, FrameError, FromTunnel, Inbox, ToTunnel, VERSION};
use crate::exit::Exit;
use crate::process::TerminationSignals;
use crate::terminal;

/// Says hello, waits for `Start`, does what it is told until it is over.
pub(super) async fn run() -> Exit {
    let adopted = control::from_stdin::<ToTunnel, FromTunnel>();
    let (inbox, outbox, signals) = match (adopted, TerminationSignals::catch()) {
        (Ok((inbox, outbox)), Ok(signals)) => (inbox, outbox, signals),
        (Err(error), _) | (_, Err(error)) => {
            terminal::print_error(NAME, &error);
            return Exit::Failed;
        }
    };
    let mut report = Report::Supervisor(outbox);
    let hello = FromTunnel::Hello { version: VERSION.to_owned() };
    if report.tell(hello).await.is_err() {
        return Exit::Ended;
    }
    let mut orders = Orders { inbox, signals };
    let ground = match orders.start().await {
        Ok(ground) => ground,
        Err(exit) => return exit,
    };
    let (sender, mut asks) = mpsc::channel(4);
    tokio::spawn(orders.relay(sender));
    drive::run(&ground, &mut asks, &mut report).await
}

/// Where orders come from.
struct Orders {
    inbox: Inbox<ToTunnel>,
    signals: TerminationSignals,
}

impl Orders {
    /// Waits for the first order.
    async fn start(&mut self) -> Result<Ground, Exit> {
        loop {
            match self.next().await {
                Order::Message(ToTunnel::Start { tunnel: settings, confine, run_dir }) => {
                    return Ok(Ground { settings, run_dir, confine, group: Group::Ours });
                }
                Order::Message(ToTunnel::Open { .. }) => {}
                Order::Message(ToTunnel::Close) | Order::Signal | Order::Cut => {
                    return Err(Exit::Ended);
                }
            }
        }
    }

    /// Passes orders on until nobody takes them any more.
    async fn relay(mut self, to: mpsc::Sender<Ask>) {
        let mut closing = false;
        loop {
            let ask = match self.next().await {
                Order::Message(ToTunnel::Start { .. }) => continue,
                Order::Message(ToTunnel::Open { origin }) => Ask::Open(Origin::of(origin)),
                // Asked again while it closes: somebody is out of patience.
                Order::Signal if closing => Ask::Kill(Exit::Killed),
                Order::Message(ToTunnel::Close) | Order::Signal => {
                    closing = true;
                    Ask::Close
                }
                Order::Cut => Ask::Kill(Exit::Ended),
            };
            let last = matches!(ask, Ask::Kill(_));
            if to.send(ask).await.is_err() || last {
                return;
            }
        }
    }

    async fn next(&mut self) -> Order {
        loop {
            tokio::select! {
                _ = self.signals.recv() => return Order::Signal,
                message = self.inbox.recv() => match message {
                    Ok(Some(message)) => return Order::Message(message),
                    Err(FrameError::Malformed(error)) => terminal::print_error(NAME, &error),
                    Ok(None) | Err(FrameError::Io(_) | FrameError::TooLong) => {
                        return Order::Cut;
                    }
                },
            }
        }
    }
}

enum Order {
    Message(ToTunnel),
    Signal,
    /// The supervisor is gone.
    Cut,
}
