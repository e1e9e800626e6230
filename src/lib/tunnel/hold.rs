//! The loop around one attempt: what is asked, printed and answered goes into the rules, and what
//! they say is done.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::attempt::{Action, Attempt, Event};
use super::cloudflared::{Cloudflared, Said};
use super::drive::{Ask, Ground, Stop};
use super::failure::Failure;
use super::locate::Found;
use super::origin::Origin;
use super::output::Meaning;
use super::report::Report;
use super::{NAME, cooldown, probe};
use crate::control::FromTunnel;
use crate::exit::Exit;
use crate::process;
use crate::terminal;

/// How long cloudflared may take to unregister: its own grace period of 2 s, and one to write about
/// it. Over HTTP/2 it waits for open sockets without end (measured).
const FAREWELL: Duration = Duration::from_secs(3);

/// A question on its way to the metrics port.
type Question = Pin<Box<dyn Future<Output = Event> + Send>>;

/// Everything that is running during an attempt.
struct Running<'a> {
    ground: &'a Ground,
    found: &'a Found,
    origin: &'a Origin,
    began: Instant,
    cloudflared: Cloudflared,
    question: Option<Question>,
}

/// Opens the address and keeps it until something ends it.
pub(super) async fn hold(
    ground: &Ground,
    found: &Found,
    origin: &Origin,
    asks: &mut mpsc::Receiver<Ask>,
    report: &mut Report,
) -> Stop {
    let waiting = ground.run_dir.parent().map(|base| cooldown::remaining(base, SystemTime::now()));
    match waiting {
        Some(Ok(Some(seconds))) => return Stop::Failed(Failure::CoolingDown { seconds }),
        Some(Err(error)) => {
            terminal::print_error(NAME, &format_args!("no waiting time is remembered: {error}"));
        }
        Some(Ok(None)) | None => {}
    }
    // From here on nothing is written but the waiting time and the end of our own folder. Where the
    // kernel cannot see to that, cloudflared's shim says so.
    let _ = process::restrict_writes(ground.run_dir.parent().unwrap_or(&ground.run_dir));
    let settle = Duration::from_secs(ground.settings.settle_seconds);
    let (mut attempt, first) = Attempt::begin(Duration::ZERO, settle);
    let cloudflared = match start(ground, found, origin, &attempt) {
        Ok(cloudflared) => cloudflared,
        Err(failure) => return Stop::Failed(failure),
    };
    let mut running =
        Running { ground, found, origin, began: Instant::now(), cloudflared, question: None };
    let stop = match running.act(first, &attempt, report).await {
        Ok(()) => running.follow(&mut attempt, asks, report).await,
        Err(stop) => stop,
    };
    running.end(stop, asks, report).await
}

fn start(
    ground: &Ground,
    found: &Found,
    origin: &Origin,
    attempt: &Attempt,
) -> Result<Cloudflared, Failure> {
    Cloudflared::start(&found.path, &ground.quarters(), ground.group, origin, attempt.protocol())
        .map_err(|error| Failure::NotStarted(error.to_string()))
}

impl Running<'_> {
    /// Feeds the rules until they or somebody else say that it is over.
    async fn follow(
        &mut self,
        attempt: &mut Attempt,
        asks: &mut mpsc::Receiver<Ask>,
        report: &mut Report,
    ) -> Stop {
        loop {
            let wake = self.began.checked_add(attempt.wake());
            let event = tokio::select! {
                biased;
                ask = asks.recv() => match ask {
                    // One address per process.
                    Some(Ask::Open(_)) => continue,
                    Some(ask) => return ask.into(),
                    None => return Stop::Asked,
                },
                said = self.cloudflared.next() => match said {
                    Said::Line(meaning) => Event::Line(meaning),
                    Said::Ended(how) => Event::Ended(how),
                },
                event = answer(&mut self.question) => event,
                () = tick(wake) => Event::Tick,
            };
            let actions = attempt.on(self.began.elapsed(), event);
            if let Err(stop) = self.act(actions, attempt, report).await {
                return stop;
            }
        }
    }

    async fn act(
        &mut self,
        actions: Vec<Action>,
        attempt: &Attempt,
        report: &mut Report,
    ) -> Result<(), Stop> {
        for action in actions {
            match action {
                Action::Report(state) => report.tell(state).await?,
                Action::AskName(address) => {
                    self.question =
                        Some(Box::pin(async move { Event::Name(probe::name(address).await) }));
                }
                Action::AskReady(address) => {
                    self.question =
                        Some(Box::pin(
                            async move { Event::Ready(probe::readiness(address).await) },
                        ));
                }
                Action::FallBack => {
                    self.question = None;
                    self.cloudflared.kill().await;
                    self.cloudflared = start(self.ground, self.found, self.origin, attempt)?;
                }
                Action::GiveUp(failure) => return Err(Stop::Failed(failure)),
            }
        }
        Ok(())
    }

    /// Ends cloudflared: gently when asked, at once otherwise.
    async fn end(
        &mut self,
        stop: Stop,
        asks: &mut mpsc::Receiver<Ask>,
        report: &mut Report,
    ) -> Stop {
        if !matches!(stop, Stop::Asked) {
            self.cloudflared.kill().await;
            return stop;
        }
        self.cloudflared.terminate();
        report.closing();
        let until = Instant::now() + FAREWELL;
        loop {
            tokio::select! {
                biased;
                exit = killed(asks) => {
                    self.cloudflared.kill().await;
                    return Stop::Killed(exit);
                }
                // Its lines are read on: with a full pipe it would not end.
                said = self.cloudflared.next() => match said {
                    Said::Ended(_) => return stop,
                    // Whoever asked may be gone already; it ends all the same.
                    Said::Line(Meaning::Unregistered) => {
                        let _ = report.tell(FromTunnel::Unregistered).await;
                    }
                    Said::Line(_) => {}
                },
                () = sleep_until(until) => {
                    self.cloudflared.kill().await;
                    return stop;
                }
            }
        }
    }
}

/// Waits until somebody loses patience.
async fn killed(asks: &mut mpsc::Receiver<Ask>) -> Exit {
    while let Some(ask) = asks.recv().await {
        if let Ask::Kill(exit) = ask {
            return exit;
        }
    }
    std::future::pending().await
}

async fn answer(question: &mut Option<Question>) -> Event {
    match question {
        Some(asked) => {
            let event = asked.await;
            *question = None;
            event
        }
        None => std::future::pending().await,
    }
}

async fn tick(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}
