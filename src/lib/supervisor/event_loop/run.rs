//! The loop itself: it waits for the next cause to wake up, and steps the session through the events.

use std::collections::VecDeque;
use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::Instant;

use super::state::{EventLoop, Setup};
use super::streams::Streams;
use crate::control::IncomingRequest;
use crate::process::{self, TerminationSignal, TerminationSignals};
use crate::supervisor::children::ChildEvent;
use crate::supervisor::console::{LogFate, TunnelStep};
use crate::supervisor::session::{
    EndReason, EndRequest, SessionAction, SessionEvent, SessionOutcome, SessionTimer,
};
use crate::terminal::{self, InputUse, OutputEnd, Typed};

/// What wakes the loop.
enum Wakeup {
    Signal(TerminationSignal),
    /// Ctrl+Z.
    Suspend,
    /// The terminal has a new size.
    Resized,
    StreamEnded(EndReason),
    ChildExited,
    DeadlineReached,
    ChildEvent(ChildEvent),
    Request(IncomingRequest),
    Typed(Typed),
}

/// The handlers of every signal that a session reacts to.
pub(in crate::supervisor) struct Signals {
    termination: TerminationSignals,
    child: Signal,
    /// Caught, because a stopped supervisor would leave the room public without its operator.
    suspend: Signal,
    /// The terminal has another size.
    resized: Signal,
}

impl Signals {
    /// Installs the handlers.
    ///
    /// # Errors
    /// When the system refuses one.
    pub(in crate::supervisor) fn catch() -> io::Result<Self> {
        Ok(Self {
            termination: TerminationSignals::catch()?,
            child: signal(SignalKind::child())?,
            suspend: signal(SignalKind::from_raw(process::SUSPEND_SIGNAL))?,
            resized: signal(SignalKind::window_change())?,
        })
    }
}

/// Runs a session to its end, at which its runtime folder is removed.
pub(in crate::supervisor) async fn run(
    setup: Setup,
    signals: Signals,
) -> (SessionOutcome, LogFate) {
    let Signals { mut termination, child: mut sigchld, mut suspend, mut resized } = signals;
    let (mut event_loop, mut child_events, actions) = EventLoop::new(setup);
    let mut requests = event_loop.open_control_socket();
    let events = actions.into_iter().filter_map(|action| event_loop.perform(action)).collect();
    let mut outcome = event_loop.step_all(events, &mut sigchld).await;
    let mut streams = Streams::watch(&event_loop.console);
    let mut prompt = event_loop.console.open_prompt();
    let outcome = loop {
        if let Some(outcome) = outcome {
            break outcome;
        }
        prompt.use_for(event_loop.input_use());
        event_loop.log_question.show(&event_loop.console);
        let deadline = event_loop.next_deadline();
        // The rate limits of the protocols keep child events from starving the branches after them. A
        // request is answered after the messages that came before it.
        let wakeup = tokio::select! {
            biased;
            which = termination.recv() => Wakeup::Signal(which),
            _ = suspend.recv() => Wakeup::Suspend,
            _ = resized.recv() => Wakeup::Resized,
            reason = streams.ended() => Wakeup::StreamEnded(reason),
            typed = prompt.next() => Wakeup::Typed(typed),
            _ = sigchld.recv() => Wakeup::ChildExited,
            () = reached(deadline) => Wakeup::DeadlineReached,
            Some(event) = child_events.recv() => Wakeup::ChildEvent(event),
            Some(request) = requests.recv() => Wakeup::Request(request),
        };
        if let Wakeup::Typed(Typed::Complete { line, cursor }) = &wakeup {
            let completion = event_loop.complete(line, *cursor);
            prompt.complete(completion.start, &completion.replacement);
        }
        let events = event_loop.handle(wakeup);
        outcome = event_loop.step_all(events, &mut sigchld).await;
    };
    prompt.use_for(InputUse::Nothing);
    let log_fate = event_loop.log_question.fate();
    (with_output(outcome, event_loop.console.flush().await), log_fate)
}

/// The outcome of a session whose last lines were written, or not. A write that failed before the end
/// is the reason of the end, and was shown.
fn with_output(outcome: SessionOutcome, written: Result<(), OutputEnd>) -> SessionOutcome {
    let Err(OutputEnd::Failed(error)) = written else { return outcome };
    if !matches!(outcome, SessionOutcome::Clean(EndReason::OutputFailed(_))) {
        terminal::print_error("chattrace", &error);
    }
    match outcome {
        SessionOutcome::Clean(EndReason::Requested(_)) => {
            SessionOutcome::Clean(EndReason::OutputFailed(error.to_string()))
        }
        SessionOutcome::Clean(_)
        | SessionOutcome::Remains(_)
        | SessionOutcome::Killed
        | SessionOutcome::Panicked => outcome,
    }
}

async fn reached(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

impl EventLoop {
    fn handle(&mut self, wakeup: Wakeup) -> Vec<SessionEvent> {
        let end = |request| Some(SessionEvent::End(EndReason::Requested(request)));
        let event = match wakeup {
            Wakeup::Signal(TerminationSignal::Hangup) => end(EndRequest::TerminalClosed),
            Wakeup::Signal(TerminationSignal::Interrupt) => end(EndRequest::Interrupt),
            Wakeup::Signal(TerminationSignal::Terminate | TerminationSignal::Quit) => {
                end(EndRequest::Terminate)
            }
            Wakeup::StreamEnded(reason) => Some(SessionEvent::End(reason)),
            Wakeup::Suspend => {
                self.console.warn("Ctrl+Z would leave the room open without you; Ctrl+C ends it");
                None
            }
            Wakeup::Resized => {
                self.follow_resize();
                None
            }
            Wakeup::ChildExited => {
                self.children.reap();
                None
            }
            Wakeup::DeadlineReached => return self.take_expired_timers(),
            Wakeup::ChildEvent(event) => self.handle_child_event(event),
            Wakeup::Request((request, response)) => self.handle_request(request, response),
            Wakeup::Typed(typed) => self.handle_typed(typed),
        };
        event.into_iter().collect()
    }

    fn take_expired_timers(&mut self) -> Vec<SessionEvent> {
        let now = Instant::now();
        if let Some(seconds_left) = self.timers.tick(now) {
            let step = TunnelStep::Settling { seconds: seconds_left };
            self.console.show_tunnel_step(step, None);
        }
        self.answer_overdue_who(now.into_std());
        self.show_waiting_summary(now.into_std());
        let expired = self.timers.take_expired(now);
        if expired.contains(&SessionTimer::EndSoon) {
            self.show_end_soon();
        }
        if expired.contains(&SessionTimer::TimeLeft) {
            self.show_time_left(now);
        }
        let expired = expired.into_iter().map(SessionEvent::TimerExpired);
        self.advance_host(now.into_std()).into_iter().chain(expired).collect()
    }

    /// When the loop has to act by itself.
    fn next_deadline(&self) -> Option<Instant> {
        let others = [
            self.access.deadline(),
            self.connection_query.deadline(),
            self.waiting_lines.deadline(),
        ];
        let others = others.into_iter().flatten().map(Instant::from_std);
        others.chain(self.timers.next_deadline()).min()
    }

    /// Steps the session through `events` and those that follow at once; returns its outcome, if over.
    async fn step_all(
        &mut self,
        events: Vec<SessionEvent>,
        sigchld: &mut Signal,
    ) -> Option<SessionOutcome> {
        let mut events = VecDeque::from(events);
        while let Some(event) = events.pop_front() {
            for action in self.session.step(event) {
                if let SessionAction::Finish(outcome) = action {
                    return Some(self.finish(outcome));
                }
                events.extend(if action == SessionAction::Wipe {
                    Some(SessionEvent::Wiped(self.wipe(sigchld).await))
                } else {
                    self.perform(action)
                });
            }
        }
        None
    }

    fn finish(&mut self, outcome: SessionOutcome) -> SessionOutcome {
        let remains = match &outcome {
            SessionOutcome::Remains(remains) => remains.as_slice(),
            SessionOutcome::Clean(_) | SessionOutcome::Killed | SessionOutcome::Panicked => &[],
        };
        self.console.show_finished(remains);
        outcome
    }
}
