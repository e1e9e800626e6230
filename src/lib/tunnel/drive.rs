//! The loop around one attempt: what is asked, printed and answered goes into the rules, what they
//! say is done. Everything of cloudflared happens on the thread that calls this.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin as Pinned;
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::attempt::{Action, Attempt, Event};
use super::cloudflared::{Cloudflared, Group, Said};
use super::cooldown;
use super::failure::Failure;
use super::install::Download;
use super::locate::{self, Found, Search};
use super::origin::Origin;
use super::pin::Pin;
use super::probe;
use super::report::{Gone, Report};
use crate::config::TunnelSettings;
use crate::control::FromTunnel;
use crate::exit::Exit;
use crate::paths;
use crate::terminal;

/// How long cloudflared may take to unregister: its own grace period of 2 s, and one to write about
/// it. Over HTTP/2 it waits for open sockets without end (facts, section 5).
const FAREWELL: Duration = Duration::from_secs(3);
/// Progress is told at most this often.
const PROGRESS: Duration = Duration::from_millis(200);

/// What is asked of this program, by its supervisor or by whoever started it.
#[derive(Debug)]
pub(super) enum Ask {
    /// Open a public address for this origin.
    Open(Origin),
    /// Unregister and end.
    Close,
    /// Kill everything at once and end with this code.
    Kill(Exit),
}

/// Where an attempt takes place.
#[derive(Debug)]
pub(super) struct Ground {
    /// What was set.
    pub(super) settings: TunnelSettings,
    /// The private folder with the runtime base above it.
    pub(super) run_dir: PathBuf,
    /// Where cloudflared stands among processes.
    pub(super) group: Group,
}

/// Why the loop is left before its time.
#[derive(Debug)]
enum Stop {
    Asked,
    Killed(Exit),
    Failed(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Stop::Failed(failure)
    }
}

impl From<Gone> for Stop {
    fn from(_: Gone) -> Self {
        Stop::Asked
    }
}

impl From<Ask> for Stop {
    fn from(ask: Ask) -> Self {
        match ask {
            Ask::Kill(exit) => Stop::Killed(exit),
            Ask::Open(_) | Ask::Close => Stop::Asked,
        }
    }
}

/// Finds cloudflared, opens one public address when asked, keeps it until asked to close it.
pub(super) async fn run(
    ground: &Ground,
    asks: &mut mpsc::Receiver<Ask>,
    report: &mut Report,
) -> Exit {
    let stop = match prepared(ground, asks, report).await {
        Ok((found, origin)) => hold(ground, &found, &origin, asks, report).await,
        Err(stop) => stop,
    };
    match stop {
        Stop::Asked => {
            // Whoever asked may be gone already; it ends all the same.
            let _ = report.tell(FromTunnel::Closed).await;
            Exit::Ended
        }
        Stop::Killed(exit) => exit,
        Stop::Failed(failure) => {
            remember(ground, &failure);
            let lost =
                FromTunnel::Lost { why: failure.to_string(), retry_after: failure.retry_after() };
            let _ = report.tell(lost).await;
            Exit::Unavailable
        }
    }
}

fn remember(ground: &Ground, failure: &Failure) {
    let Some(base) = ground.run_dir.parent().filter(|_| *failure == Failure::TooMany) else {
        return;
    };
    if let Err(error) = cooldown::remember(base, SystemTime::now()) {
        terminal::complain(
            "chattrace-tunnel",
            &format_args!("the waiting time cannot be remembered: {error}"),
        );
    }
}

/// cloudflared, and the origin it is for.
async fn prepared(
    ground: &Ground,
    asks: &mut mpsc::Receiver<Ask>,
    report: &mut Report,
) -> Result<(Found, Origin), Stop> {
    let home = ground.run_dir.join(paths::TUNNEL_HOME);
    paths::private_dir(&home).map_err(|error| Failure::NotStarted(error.to_string()))?;
    let mut early = None;
    let found = {
        let mut obtaining = std::pin::pin!(obtain(ground, report));
        loop {
            tokio::select! {
                biased;
                ask = asks.recv() => match ask {
                    Some(Ask::Open(origin)) => early = Some(origin),
                    Some(ask) => return Err(ask.into()),
                    None => return Err(Stop::Asked),
                },
                found = &mut obtaining => break found?,
            }
        }
    };
    report
        .tell(FromTunnel::Found {
            path: found.path.clone(),
            version: found.version.clone(),
            digest: found.digest.clone(),
            source: found.source,
        })
        .await?;
    match early {
        Some(origin) => Ok((found, origin)),
        None => match asks.recv().await {
            Some(Ask::Open(origin)) => Ok((found, origin)),
            Some(ask) => Err(ask.into()),
            None => Err(Stop::Asked),
        },
    }
}

async fn obtain(ground: &Ground, report: &mut Report) -> Result<Found, Stop> {
    let home = ground.run_dir.join(paths::TUNNEL_HOME);
    match locate::search(&ground.settings, &home).await? {
        Search::Found(found) => Ok(found),
        Search::Missing(download, passed_over) => {
            if let Some(failure) = passed_over {
                terminal::complain("chattrace-tunnel", &format_args!("passed over: {failure}"));
            }
            fetch(download, report).await
        }
    }
}

/// Fetches it on a thread of its own, and says before and during it what goes on.
async fn fetch(download: Download, report: &mut Report) -> Result<Found, Stop> {
    report
        .tell(FromTunnel::Fetching {
            version: download.pin.version.clone(),
            from: download.from.clone(),
            size: download.pin.bytes,
            resumed_at: download.resumed_at(),
            to: download.target(),
        })
        .await?;
    let pin: Pin = download.pin.clone();
    // One slot: progress that nobody has read yet is replaced by later progress.
    let (sender, mut arrived) = mpsc::channel(1);
    let mut working = tokio::task::spawn_blocking(move || {
        download.run(&mut |bytes| {
            let _ = sender.try_send(bytes);
        })
    });
    let mut told = Instant::now();
    let mut last = 0;
    let path = loop {
        tokio::select! {
            Some(bytes) = arrived.recv() => {
                last = bytes;
                if told.elapsed() >= PROGRESS {
                    told = Instant::now();
                    report.tell(FromTunnel::Fetched { bytes }).await?;
                }
            }
            done = &mut working => {
                let done = done.expect("the download returns its errors");
                break done.map_err(|error| Failure::Fetch(error.to_string()))?;
            }
        }
    };
    report.tell(FromTunnel::Fetched { bytes: pin.bytes.unwrap_or(last) }).await?;
    Ok(locate::managed(path, pin).await?)
}

/// A question on its way to the metrics port.
type Question = Pinned<Box<dyn Future<Output = Event> + Send>>;

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
async fn hold(
    ground: &Ground,
    found: &Found,
    origin: &Origin,
    asks: &mut mpsc::Receiver<Ask>,
    report: &mut Report,
) -> Stop {
    let waiting =
        ground.run_dir.parent().and_then(|base| cooldown::remaining(base, SystemTime::now()));
    if let Some(seconds) = waiting {
        return Stop::Failed(Failure::CoolingDown { seconds });
    }
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
    let home = ground.run_dir.join(paths::TUNNEL_HOME);
    Cloudflared::start(&found.path, &home, ground.group, &origin.bare(), attempt.protocol())
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
                said = self.cloudflared.next() => if let Said::Ended(_) = said {
                    return stop;
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
