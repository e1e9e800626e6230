//! Before an attempt: cloudflared is found, or fetched, while orders are listened to.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::NAME;
use super::drive::{Ask, Ground, Stop};
use super::failure::Failure;
use super::install::Download;
use super::locate::{self, Found, Search};
use super::origin::Origin;
use super::report::Report;
use crate::control::FromTunnel;
use crate::paths;
use crate::terminal;

/// Progress is told at most this often.
const PROGRESS: Duration = Duration::from_millis(200);

/// cloudflared, and the origin it is for.
pub(super) async fn prepared(
    ground: &Ground,
    asks: &mut mpsc::Receiver<Ask>,
    report: &mut Report,
) -> Result<(Found, Origin), Stop> {
    paths::create_private_dir(&ground.quarters().home)
        .map_err(|error| Failure::NotStarted(error.to_string()))?;
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
    match locate::search(&ground.settings, &ground.quarters()).await? {
        Search::Found(found) => Ok(found),
        Search::Missing(download, passed_over) => {
            if let Some(failure) = passed_over {
                terminal::print_error(NAME, &format_args!("passed over: {failure}"));
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
            from: terminal::sanitize_line(&download.from),
            size: download.pin.bytes,
            resumed_at: download.resumed_at(),
            to: download.target(),
        })
        .await?;
    let pin = download.pin.clone();
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
