//! The event loop of one attempt: feeds requests, cloudflared's output, answers of the metrics port
//! and timers to the [`Attempt`], and executes its actions.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::attempt::{Attempt, AttemptAction, AttemptEvent, OutputLine, TunnelError};
use super::cli::NAME;
use super::cloudflared::{Cloudflared, CloudflaredEvent};
use super::context::{Context, StopReason, TunnelRequest};
use super::locate::CloudflaredProgram;
use super::origin::Origin;
use super::status_sink::StatusSink;
use super::{cooldown, metrics};
use crate::control::FromTunnel;
use crate::exit::Exit;
use crate::process;
use crate::terminal;

/// cloudflared unregisters within its own grace period of 2 s and needs a little longer to exit. Over
/// HTTP/2 it waits for open sockets without a bound (measured).
const UNREGISTER_TIMEOUT: Duration = Duration::from_secs(3);

type PendingQuery = Pin<Box<dyn Future<Output = AttemptEvent> + Send>>;

/// A running cloudflared, and what is needed to start another one.
struct RunningAttempt<'a> {
    context: &'a Context,
    program: &'a CloudflaredProgram,
    origin: &'a Origin,
    started: Instant,
    cloudflared: Cloudflared,
    query: Option<PendingQuery>,
}

/// Opens the public address and keeps it. cloudflared has exited when this returns.
pub(super) async fn run_attempt(
    context: &Context,
    program: &CloudflaredProgram,
    origin: &Origin,
    requests: &mut mpsc::Receiver<TunnelRequest>,
    status: &mut StatusSink,
) -> StopReason {
    if let Some(seconds) = cooldown_remaining(context) {
        return StopReason::Failed(TunnelError::CoolingDown { seconds });
    }
    // From here on, this process only writes the cool-down and removes its own folder. That the
    // kernel lacks Landlock is reported when cloudflared is confined.
    let _ = process::restrict_writes(context.run_dir.parent().unwrap_or(&context.run_dir));
    let settle = Duration::from_secs(context.settings.settle_seconds);
    let (mut attempt, actions) = Attempt::start(Duration::ZERO, settle, program.format);
    let cloudflared = match spawn(context, program, origin, &attempt) {
        Ok(cloudflared) => cloudflared,
        Err(error) => return StopReason::Failed(error),
    };
    let started = Instant::now();
    let mut running =
        RunningAttempt { context, program, origin, started, cloudflared, query: None };
    let reason = match running.execute(actions, &attempt, status).await {
        Ok(()) => running.event_loop(&mut attempt, requests, status).await,
        Err(reason) => reason,
    };
    running.shut_down(reason, requests, status).await
}

/// Seconds for which the provider must not be asked again; `None` if it may be asked now.
fn cooldown_remaining(context: &Context) -> Option<u64> {
    match cooldown::remaining(context.run_dir.parent()?, SystemTime::now()) {
        Ok(seconds) => seconds,
        Err(error) => {
            terminal::print_error(NAME, &format_args!("no waiting time is remembered: {error}"));
            None
        }
    }
}

fn spawn(
    context: &Context,
    program: &CloudflaredProgram,
    origin: &Origin,
    attempt: &Attempt,
) -> Result<Cloudflared, TunnelError> {
    let sandbox = context.sandbox();
    let group = context.process_group;
    Cloudflared::spawn(&program.path, &sandbox, group, origin, attempt.protocol())
        .map_err(|error| TunnelError::SpawnFailed(error.to_string()))
}

impl RunningAttempt<'_> {
    async fn event_loop(
        &mut self,
        attempt: &mut Attempt,
        requests: &mut mpsc::Receiver<TunnelRequest>,
        status: &mut StatusSink,
    ) -> StopReason {
        loop {
            let wakeup = self.started.checked_add(attempt.next_wakeup());
            let event = tokio::select! {
                biased;
                request = requests.recv() => match request {
                    // One address per process.
                    Some(TunnelRequest::Open(_)) => continue,
                    Some(request) => return request.into(),
                    None => return StopReason::Requested,
                },
                event = self.cloudflared.next_event() => match event {
                    CloudflaredEvent::Line(line) => AttemptEvent::Line(line),
                    CloudflaredEvent::Exited(reason) => AttemptEvent::Exited(reason),
                },
                event = query_answer(&mut self.query) => event,
                () = sleep_until_some(wakeup) => AttemptEvent::Tick,
            };
            let actions = attempt.handle(self.started.elapsed(), event);
            if let Err(reason) = self.execute(actions, attempt, status).await {
                return reason;
            }
        }
    }

    async fn execute(
        &mut self,
        actions: Vec<AttemptAction>,
        attempt: &Attempt,
        status: &mut StatusSink,
    ) -> Result<(), StopReason> {
        for action in actions {
            match action {
                AttemptAction::Report(state) => status.send(state).await?,
                AttemptAction::QueryName(address) => {
                    self.query = Some(Box::pin(async move {
                        AttemptEvent::Name(metrics::query_name(address).await)
                    }));
                }
                AttemptAction::QueryReadiness(address) => {
                    self.query = Some(Box::pin(async move {
                        AttemptEvent::Readiness(metrics::query_readiness(address).await)
                    }));
                }
                AttemptAction::RestartOverHttp2 => {
                    self.query = None;
                    self.cloudflared.kill().await;
                    self.cloudflared = spawn(self.context, self.program, self.origin, attempt)?;
                }
                AttemptAction::Fail(error) => return Err(StopReason::Failed(error)),
            }
        }
        Ok(())
    }

    /// Lets cloudflared unregister, and kills it if there is no address or no time to do so.
    async fn shut_down(
        &mut self,
        reason: StopReason,
        requests: &mut mpsc::Receiver<TunnelRequest>,
        status: &mut StatusSink,
    ) -> StopReason {
        if !matches!(reason, StopReason::Requested | StopReason::OutputFailed(_)) {
            self.cloudflared.kill().await;
            return reason;
        }
        self.cloudflared.terminate();
        status.show_closing();
        let deadline = Instant::now() + UNREGISTER_TIMEOUT;
        loop {
            tokio::select! {
                biased;
                exit = kill_request(requests) => {
                    self.cloudflared.kill().await;
                    return StopReason::Killed(exit);
                }
                // Its output is still read: cloudflared does not exit while its pipe is full.
                event = self.cloudflared.next_event() => match event {
                    CloudflaredEvent::Exited(_) => return reason,
                    CloudflaredEvent::Line(OutputLine::ConnectionUnregistered) => {
                        // Fails when the receiver is gone, which is a reason to stop.
                        let _ = status.send(FromTunnel::Unregistered).await;
                    }
                    CloudflaredEvent::Line(_) => {}
                },
                () = sleep_until(deadline) => {
                    self.cloudflared.kill().await;
                    return reason;
                }
            }
        }
    }
}

async fn kill_request(requests: &mut mpsc::Receiver<TunnelRequest>) -> Exit {
    while let Some(request) = requests.recv().await {
        if let TunnelRequest::Kill(exit) = request {
            return exit;
        }
    }
    std::future::pending().await
}

async fn query_answer(query: &mut Option<PendingQuery>) -> AttemptEvent {
    match query {
        Some(pending) => {
            let event = pending.await;
            *query = None;
            event
        }
        None => std::future::pending().await,
    }
}

async fn sleep_until_some(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}
