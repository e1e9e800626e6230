//! The steps of a run in either mode: find cloudflared, make one attempt, report how it ended.

use std::time::SystemTime;

use tokio::sync::mpsc;

use super::attempt::TunnelError;
use super::cli::NAME;
use super::context::{Context, StopReason, TunnelRequest};
use super::status_sink::{StatusError, StatusSink};
use super::{cooldown, prepare, run_attempt};
use crate::control::FromTunnel;
use crate::exit::Exit;
use crate::terminal::{self, WriteError, sanitize_line};

/// Opens one public address on request, keeps it until a request to stop, and returns the exit code.
/// Must run on the main thread: cloudflared is killed when the thread that spawned it ends.
pub(super) async fn run(
    context: &Context,
    requests: &mut mpsc::Receiver<TunnelRequest>,
    status: &mut StatusSink,
) -> Exit {
    let reason = match prepare::prepare(context, requests, status).await {
        Ok((program, origin)) => {
            run_attempt::run_attempt(context, &program, &origin, requests, status).await
        }
        Err(reason) => reason,
    };
    match reason {
        StopReason::Requested => match status.send(FromTunnel::Closed).await {
            Err(StatusError::Output(error)) => report_output(error),
            // The receiver may be gone, which is a reason to stop.
            Ok(()) | Err(StatusError::Disconnected) => Exit::Ended,
        },
        StopReason::Killed(exit) => exit,
        StopReason::OutputFailed(error) => report_output(error),
        StopReason::Failed(error) => {
            if error == TunnelError::TooManyRequests {
                remember_cooldown(context);
            }
            let lost = FromTunnel::Lost {
                why: sanitize_line(&error.to_string()),
                retry_after: error.retry_after(),
            };
            if let Err(StatusError::Output(error)) = status.send(lost).await {
                report_output(error);
            }
            Exit::Unavailable
        }
    }
}

fn report_output(error: WriteError) -> Exit {
    terminal::print_error(NAME, &error);
    error.exit()
}

fn remember_cooldown(context: &Context) {
    let Some(base) = context.run_dir.parent() else {
        return;
    };
    if let Err(error) = cooldown::remember(base, SystemTime::now()) {
        terminal::print_error(
            NAME,
            &format_args!("the waiting time cannot be remembered: {error}"),
        );
    }
}
