//! Finds or installs cloudflared before the attempt, and receives requests meanwhile.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::attempt::TunnelError;
use super::cli::NAME;
use super::context::{Context, StopReason, TunnelRequest};
use super::install::Download;
use super::locate::{self, CloudflaredProgram, SearchResult};
use super::origin::Origin;
use super::status_sink::StatusSink;
use crate::control::FromTunnel;
use crate::paths;
use crate::terminal;

/// Shortest time between two reports of a download's progress.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(200);

/// Returns once there is a cloudflared and a request to open an address.
///
/// # Errors
/// A request to stop, or why cloudflared can be neither found nor installed.
pub(super) async fn prepare(
    context: &Context,
    requests: &mut mpsc::Receiver<TunnelRequest>,
    status: &mut StatusSink,
) -> Result<(CloudflaredProgram, Origin), StopReason> {
    paths::create_private_subdir(&context.sandbox().home)
        .map_err(|error| TunnelError::SpawnFailed(error.to_string()))?;
    let mut early_origin = None;
    let program = {
        let mut finding = std::pin::pin!(find_or_install(context, status));
        loop {
            tokio::select! {
                biased;
                request = requests.recv() => match request {
                    Some(TunnelRequest::Open(origin)) => early_origin = Some(origin),
                    Some(request) => return Err(request.into()),
                    None => return Err(StopReason::Requested),
                },
                found = &mut finding => break found?,
            }
        }
    };
    status
        .send(FromTunnel::Found {
            path: program.path.clone(),
            version: program.version.clone(),
            digest: program.digest.clone(),
            source: program.source,
        })
        .await?;
    match early_origin {
        Some(origin) => Ok((program, origin)),
        None => match requests.recv().await {
            Some(TunnelRequest::Open(origin)) => Ok((program, origin)),
            Some(request) => Err(request.into()),
            None => Err(StopReason::Requested),
        },
    }
}

async fn find_or_install(
    context: &Context,
    status: &mut StatusSink,
) -> Result<CloudflaredProgram, StopReason> {
    match locate::search(&context.settings, Some(&context.sandbox())).await? {
        SearchResult::Found(program) => Ok(program),
        SearchResult::Missing { download, passed_over } => {
            if let Some(error) = passed_over {
                terminal::print_error(NAME, &format_args!("passed over: {error}"));
            }
            install(download, status).await
        }
    }
}

async fn install(
    download: Download,
    status: &mut StatusSink,
) -> Result<CloudflaredProgram, StopReason> {
    status
        .send(FromTunnel::Fetching {
            version: download.pin.version.clone(),
            from: terminal::sanitize_line(&download.url),
            size: download.pin.bytes,
            resumed_at: download.resumed_at(),
            to: download.target(),
        })
        .await?;
    let pin = download.pin.clone();
    // One slot: lengths are dropped while an earlier one has not been received.
    let (sender, mut progress) = mpsc::channel(1);
    let mut installing = tokio::task::spawn_blocking(move || {
        download.install(&mut |bytes| {
            let _ = sender.try_send(bytes);
        })
    });
    let mut reported = Instant::now();
    let mut last = 0;
    let path = loop {
        tokio::select! {
            Some(bytes) = progress.recv() => {
                last = bytes;
                if reported.elapsed() >= PROGRESS_INTERVAL {
                    reported = Instant::now();
                    status.send(FromTunnel::Fetched { bytes }).await?;
                }
            }
            installed = &mut installing => {
                let installed = installed.expect("a download returns its errors");
                break installed.map_err(|error| TunnelError::NotInstalled(error.to_string()))?;
            }
        }
    };
    status.send(FromTunnel::Fetched { bytes: pin.bytes.unwrap_or(last) }).await?;
    Ok(locate::verify_managed(path, pin).await?)
}
