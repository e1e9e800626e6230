//! The event loop: signals, messages, exits and deadlines in; actions out. It decides nothing:
//! every decision is [`Session::step`].

mod inputs;
mod spawn;
mod wipe;

use std::collections::{BTreeMap, VecDeque};
use std::net::TcpListener;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::children::{Cleaner, INPUTS, Input, Programs, Service};
use super::console::Console;
use super::console::LogQuestion;
use super::session::{
    EndReason, EndRequest, Session, SessionAction, SessionEvent, SessionOutcome, SessionTimer,
};
use crate::config::Config;
use crate::control::{Listener, ToGuard, ToServe, ToTunnel};
use crate::paths::RunDir;
use crate::process::{self, EndSignal, EndSignals};
use crate::terminal;
use crate::token::{Secret, Token};

/// Everything that a session holds on to.
pub(super) struct EventLoop {
    config: Config,
    programs: Programs,
    console: Console,
    closing: LogQuestion,
    session: Session,
    /// Marks our processes and names the runtime folder.
    id: String,
    ticket: Token,
    listener: TcpListener,
    run_dir: Option<RunDir>,
    guard: Option<Service<ToGuard>>,
    cleaner: Option<Cleaner>,
    serve: Option<Service<ToServe>>,
    tunnel: Option<Service<ToTunnel>>,
    timers: BTreeMap<SessionTimer, Instant>,
    inputs: mpsc::Sender<Input>,
    settling: Option<tokio::task::JoinHandle<()>>,
    control: Option<tokio::task::JoinHandle<()>>,
    remains: Vec<String>,
}

/// What a session begins with.
pub(super) struct Setup {
    pub(super) config: Config,
    pub(super) programs: Programs,
    pub(super) console: Console,
    pub(super) id: String,
    pub(super) ticket: Token,
    pub(super) listener: TcpListener,
    pub(super) run_dir: RunDir,
}

/// What wakes the loop.
enum Wakeup {
    Signal(EndSignal),
    /// Ctrl+Z.
    Stop,
    Child,
    Input(Input),
    ReaderGone,
    WriterGone,
    TerminalGone,
    SessionTimer,
}

/// Runs a session to its end.
///
/// # Errors
/// When the system refuses a signal handler.
pub(super) async fn run(begin: Setup, mut signals: EndSignals) -> std::io::Result<SessionOutcome> {
    let mut children = signal(SignalKind::child())?;
    // Stopped, the supervisor alone would freeze, and the room stay public without its operator.
    let mut stops = signal(SignalKind::from_raw(process::STOP_KEY))?;
    let (inputs, mut inputs_in) = mpsc::channel(INPUTS);
    let (mut event_loop, first) = EventLoop::new(begin, inputs);
    let failures = first.into_iter().filter_map(|action| event_loop.act(action)).collect();
    let mut ended = event_loop.step_all(failures, &mut children).await;
    let (unread, terminal_closed) = (event_loop.console.unread(), terminal::terminal_closed());
    let stdout_closed = async {
        tokio::select! {
            () = terminal::stdout_closed() => {}
            () = unread => {}
        }
    };
    let stdin_closed = terminal::stdin_closed();
    tokio::pin!(stdout_closed, stdin_closed, terminal_closed);
    let (mut read, mut written, mut attached) = (true, true, true);
    while ended.is_none() {
        let next = event_loop.timers.values().min().copied();
        let rings = async move {
            match next {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        let woken = tokio::select! {
            biased;
            which = signals.next() => Wakeup::Signal(which),
            _ = stops.recv() => Wakeup::Stop,
            () = &mut terminal_closed, if attached => Wakeup::TerminalGone,
            () = &mut stdout_closed, if read => Wakeup::ReaderGone,
            () = &mut stdin_closed, if written => Wakeup::WriterGone,
            _ = children.recv() => Wakeup::Child,
            () = rings => Wakeup::SessionTimer,
            Some(input) = inputs_in.recv() => Wakeup::Input(input),
        };
        attached &= !matches!(woken, Wakeup::TerminalGone);
        read &= !matches!(woken, Wakeup::ReaderGone);
        written &= !matches!(woken, Wakeup::WriterGone);
        ended = event_loop.wake(woken, &mut children).await;
    }
    event_loop.console.flush().await;
    Ok(ended.unwrap_or(SessionOutcome::Remains))
}

impl EventLoop {
    fn new(begin: Setup, inputs: mpsc::Sender<Input>) -> (Self, Vec<SessionAction>) {
        let (session, first) = Session::begin(super::tunnel_policy(begin.config.tunnel.provider));
        let closing = LogQuestion::new(begin.config.logs, begin.config.archive_dir.clone());
        let mut event_loop = Self {
            config: begin.config,
            programs: begin.programs,
            console: begin.console,
            closing,
            session,
            id: begin.id,
            ticket: begin.ticket,
            listener: begin.listener,
            run_dir: Some(begin.run_dir),
            guard: None,
            cleaner: None,
            serve: None,
            tunnel: None,
            timers: BTreeMap::new(),
            inputs,
            settling: None,
            control: None,
            remains: Vec::new(),
        };
        event_loop.listen_outside();
        (event_loop, first)
    }

    /// Opens the control socket. Without it the session still works; that is said.
    fn listen_outside(&mut self) {
        let Some(run_dir) = &self.run_dir else { return };
        match Listener::bind(&run_dir.control_socket(), process::own_user()) {
            Ok(listener) => {
                let (asks, mut asked) = mpsc::channel(1);
                let inputs = self.inputs.clone();
                tokio::spawn(async move {
                    while let Some(question) = asked.recv().await {
                        if inputs.send(Input::Request(question)).await.is_err() {
                            return;
                        }
                    }
                });
                self.control = Some(tokio::spawn(listener.serve(asks)));
            }
            Err(error) => self.console.hint(&format!("no control socket: {error}")),
        }
    }

    async fn wake(&mut self, woken: Wakeup, children: &mut Signal) -> Option<SessionOutcome> {
        let event = match woken {
            Wakeup::Signal(EndSignal::Hangup) | Wakeup::TerminalGone => {
                Some(SessionEvent::End(EndReason::EndRequest(EndRequest::TerminalClosed)))
            }
            Wakeup::Signal(EndSignal::Interrupt) => {
                Some(SessionEvent::End(EndReason::EndRequest(EndRequest::Operator)))
            }
            Wakeup::Signal(EndSignal::Terminate | EndSignal::Quit) => {
                Some(SessionEvent::End(EndReason::EndRequest(EndRequest::Terminated)))
            }
            Wakeup::ReaderGone => {
                Some(SessionEvent::End(EndReason::EndRequest(EndRequest::ReaderGone)))
            }
            Wakeup::WriterGone => {
                Some(SessionEvent::End(EndReason::EndRequest(EndRequest::WriterGone)))
            }
            Wakeup::Stop => {
                self.console.hint("Ctrl+Z would leave the room open without you; Ctrl+C ends it");
                None
            }
            Wakeup::Child => {
                self.reap();
                None
            }
            Wakeup::SessionTimer => {
                let events = self.due();
                return self.step_all(events, children).await;
            }
            Wakeup::Input(input) => self.hear(input),
        };
        self.step_all(event.into_iter().collect(), children).await
    }

    /// Steps the session through `events` and does what it says, until nothing more follows.
    async fn step_all(
        &mut self,
        events: Vec<SessionEvent>,
        children: &mut Signal,
    ) -> Option<SessionOutcome> {
        let mut events = VecDeque::from(events);
        loop {
            let event = events.pop_front()?;
            for action in self.session.step(event) {
                if let SessionAction::Finish(ending) = action {
                    self.console.finished(&self.remains);
                    return Some(ending);
                }
                events.extend(if action == SessionAction::Wipe {
                    Some(SessionEvent::Wiped(self.wipe(children).await))
                } else {
                    self.act(action)
                });
            }
        }
    }

    /// Does one thing; what follows at once is an event.
    fn act(&mut self, action: SessionAction) -> Option<SessionEvent> {
        match action {
            SessionAction::StartGuard => return self.start_guard(),
            SessionAction::ShowGuardLost { how, replaced } => {
                self.console.guard_lost(&how, replaced)
            }
            SessionAction::StartCleaner => return self.start_cleaner(),
            SessionAction::KillCleaner => self.cleaner.as_ref()?.service().kill_group(),
            SessionAction::StartTunnel => return self.start_tunnel(),
            SessionAction::StartServe => return self.start_serve(),
            SessionAction::OpenTunnel => {
                let origin = self.listener.local_addr().ok()?;
                self.tunnel.as_ref()?.tell(ToTunnel::Open { origin });
            }
            SessionAction::ShowLink(address) => self.show_link(address),
            SessionAction::TellMoved(url) => self.serve.as_ref()?.tell(ToServe::Moved { url }),
            SessionAction::ShowBack => self.console.back(),
            SessionAction::ShowLost(why, pause) => {
                self.host(None);
                self.console.lost(&why, pause);
            }
            SessionAction::ShowEnd(cause) => self.console.ending(&cause),
            // Whoever was stopped is to say goodbye as well.
            SessionAction::DrainServe => {
                self.serve.as_ref()?.service().resume();
                self.serve.as_ref()?.tell(ToServe::Drain);
            }
            SessionAction::CloseTunnel => {
                self.tunnel.as_ref()?.service().resume();
                self.tunnel.as_ref()?.tell(ToTunnel::Close);
            }
            SessionAction::KillTunnel => self.tunnel.as_ref()?.service().kill_group(),
            SessionAction::ReleaseServe => {
                let serve = self.serve.as_mut()?;
                serve.release();
                serve.service().resume();
            }
            SessionAction::KillServe => self.serve.as_ref()?.service().kill_group(),
            SessionAction::Arm(timer, pause) => {
                self.timers.insert(timer, Instant::now() + pause);
            }
            SessionAction::SettleLog { ask } => {
                let settled = self.closing.settle(&mut self.console, &self.inputs, ask);
                return settled.then_some(SessionEvent::LogSettled);
            }
            // Done by `step_all`, which may wait.
            SessionAction::Wipe | SessionAction::Finish(_) => {}
        }
        None
    }

    fn show_link(&mut self, address: Option<String>) {
        self.stop_settling();
        let (base, public) = match address {
            Some(url) => (url, true),
            None => match self.listener.local_addr() {
                Ok(local) => (format!("http://{local}"), false),
                Err(_) => return,
            },
        };
        self.console.link(&Secret::new(format!("{base}/t/{}", &*self.ticket.reveal())), public);
    }
}
