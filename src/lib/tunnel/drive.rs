//! The course of this program under either of its masters: prepare, hold, say how it ended.
//! Everything of cloudflared happens on the thread that calls this.

use std::path::PathBuf;
use std::time::SystemTime;

use tokio::sync::mpsc;

use super::cloudflared::{Group, Quarters};
use super::failure::Failure;
use super::origin::Origin;
use super::report::{Gone, Report};
use super::{NAME, cooldown, hold, prepare};
use crate::config::{ConfinementPolicy, TunnelSettings};
use crate::control::FromTunnel;
use crate::exit::Exit;
use crate::paths;
use crate::terminal::{self, sanitize_line};

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
    /// What it means if cloudflared cannot be confined.
    pub(super) confine: ConfinementPolicy,
    /// Where cloudflared stands among processes.
    pub(super) group: Group,
}

impl Ground {
    /// Where cloudflared lives.
    pub(super) fn quarters(&self) -> Quarters {
        Quarters { home: self.run_dir.join(paths::TUNNEL_HOME), confine: self.confine }
    }
}

/// Why the loop is left before its time.
#[derive(Debug)]
pub(super) enum Stop {
    /// Somebody asked, or nobody listens any more.
    Asked,
    /// At once, with this code.
    Killed(Exit),
    /// There is no address, or none any more.
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
    let stop = match prepare::prepared(ground, asks, report).await {
        Ok((found, origin)) => hold::hold(ground, &found, &origin, asks, report).await,
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
            let lost = FromTunnel::Lost {
                why: sanitize_line(&failure.to_string()),
                retry_after: failure.retry_after(),
            };
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
        terminal::print_error(
            NAME,
            &format_args!("the waiting time cannot be remembered: {error}"),
        );
    }
}
