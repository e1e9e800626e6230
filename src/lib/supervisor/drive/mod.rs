//! The event loop: signals, messages, exits and deadlines in; actions out. It decides nothing:
//! every decision is [`Session::step`].

mod ending;
mod hear;
mod starting;

use std::collections::{BTreeMap, VecDeque};
use std::net::TcpListener;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::board::Board;
use super::closing::Closing;
use super::services::{Cleaner, INPUTS, Input, Programs, Running};
use super::session::{Action, Asked, Cause, Ending, Event, Session, Timer};
use crate::config::Config;
use crate::control::{Listener, ToGuard, ToServe, ToTunnel};
use crate::paths::RunDir;
use crate::process::{self, TerminationSignal, TerminationSignals};
use crate::terminal;
use crate::token::{Secret, Token};

/// Everything that a session holds on to.
pub(super) struct Drive {
    config: Config,
    programs: Programs,
    board: Board,
    closing: Closing,
    session: Session,
    /// Marks our processes and names the runtime folder.
    id: String,
    ticket: Token,
    listener: TcpListener,
    run_dir: Option<RunDir>,
    guard: Option<Running<ToGuard>>,
    cleaner: Option<Cleaner>,
    serve: Option<Running<ToServe>>,
    tunnel: Option<Running<ToTunnel>>,
    timers: BTreeMap<Timer, Instant>,
    inputs: mpsc::Sender<Input>,
    settling: Option<tokio::task::JoinHandle<()>>,
    control: Option<tokio::task::JoinHandle<()>>,
    remains: Vec<String>,
}

/// What a session begins with.
pub(super) struct Beginning {
    pub(super) config: Config,
    pub(super) programs: Programs,
    pub(super) board: Board,
    pub(super) id: String,
    pub(super) ticket: Token,
    pub(super) listener: TcpListener,
    pub(super) run_dir: RunDir,
}

/// What wakes the loop.
enum Woken {
    Signal(TerminationSignal),
    /// Ctrl+Z.
    Stop,
    Child,
    Input(Input),
    ReaderGone,
    WriterGone,
    TerminalGone,
    Timer,
}

/// Runs a session to its end.
///
/// # Errors
/// When the system refuses a signal handler.
pub(super) async fn run(
    begin: Beginning,
    mut signals: TerminationSignals,
) -> std::io::Result<Ending> {
    let mut children = signal(SignalKind::child())?;
    // Stopped, the supervisor alone would freeze, and the room stay public without its operator.
    let mut stops = signal(SignalKind::from_raw(process::SUSPEND_SIGNAL))?;
    let (inputs, mut inputs_in) = mpsc::channel(INPUTS);
    let (mut drive, first) = Drive::new(begin, inputs);
    let failures = first.into_iter().filter_map(|action| drive.act(action)).collect();
    let mut ended = drive.step_all(failures, &mut children).await;
    let (unread, terminal_closed) = (drive.board.unread(), terminal::terminal_closed());
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
        let next = drive.timers.values().min().copied();
        let rings = async move {
            match next {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        let woken = tokio::select! {
            biased;
            which = signals.recv() => Woken::Signal(which),
            _ = stops.recv() => Woken::Stop,
            () = &mut terminal_closed, if attached => Woken::TerminalGone,
            () = &mut stdout_closed, if read => Woken::ReaderGone,
            () = &mut stdin_closed, if written => Woken::WriterGone,
            _ = children.recv() => Woken::Child,
            () = rings => Woken::Timer,
            Some(input) = inputs_in.recv() => Woken::Input(input),
        };
        attached &= !matches!(woken, Woken::TerminalGone);
        read &= !matches!(woken, Woken::ReaderGone);
        written &= !matches!(woken, Woken::WriterGone);
        ended = drive.wake(woken, &mut children).await;
    }
    drive.board.flush().await;
    Ok(ended.unwrap_or(Ending::Remains))
}

impl Drive {
    fn new(begin: Beginning, inputs: mpsc::Sender<Input>) -> (Self, Vec<Action>) {
        let (session, first) = Session::begin(super::tunnelling(begin.config.tunnel.provider));
        let closing = Closing::new(begin.config.logs, begin.config.archive_dir.clone());
        let mut drive = Self {
            config: begin.config,
            programs: begin.programs,
            board: begin.board,
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
        drive.listen_outside();
        (drive, first)
    }

    /// Opens the control socket. Without it the session still works; that is said.
    fn listen_outside(&mut self) {
        let Some(run_dir) = &self.run_dir else { return };
        match Listener::bind(&run_dir.control_socket(), process::own_uid()) {
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
            Err(error) => self.board.hint(&format!("no control socket: {error}")),
        }
    }

    async fn wake(&mut self, woken: Woken, children: &mut Signal) -> Option<Ending> {
        let event = match woken {
            Woken::Signal(TerminationSignal::Hangup) | Woken::TerminalGone => {
                Some(Event::End(Cause::Asked(Asked::TerminalClosed)))
            }
            Woken::Signal(TerminationSignal::Interrupt) => {
                Some(Event::End(Cause::Asked(Asked::Operator)))
            }
            Woken::Signal(TerminationSignal::Terminate | TerminationSignal::Quit) => {
                Some(Event::End(Cause::Asked(Asked::Terminated)))
            }
            Woken::ReaderGone => Some(Event::End(Cause::Asked(Asked::ReaderGone))),
            Woken::WriterGone => Some(Event::End(Cause::Asked(Asked::WriterGone))),
            Woken::Stop => {
                self.board.hint("Ctrl+Z would leave the room open without you; Ctrl+C ends it");
                None
            }
            Woken::Child => {
                self.reap();
                None
            }
            Woken::Timer => {
                let events = self.due();
                return self.step_all(events, children).await;
            }
            Woken::Input(input) => self.hear(input),
        };
        self.step_all(event.into_iter().collect(), children).await
    }

    /// Steps the session through `events` and does what it says, until nothing more follows.
    async fn step_all(&mut self, events: Vec<Event>, children: &mut Signal) -> Option<Ending> {
        let mut events = VecDeque::from(events);
        loop {
            let event = events.pop_front()?;
            for action in self.session.step(event) {
                if let Action::Finish(ending) = action {
                    self.board.finished(&self.remains);
                    return Some(ending);
                }
                events.extend(if action == Action::Wipe {
                    Some(Event::Wiped(self.wipe(children).await))
                } else {
                    self.act(action)
                });
            }
        }
    }

    /// Does one thing; what follows at once is an event.
    fn act(&mut self, action: Action) -> Option<Event> {
        match action {
            Action::StartGuard => return self.start_guard(),
            Action::ShowGuardLost { how, replaced } => self.board.guard_lost(&how, replaced),
            Action::StartCleaner => return self.start_cleaner(),
            Action::KillCleaner => self.cleaner.as_ref()?.service().kill_group(),
            Action::StartTunnel => return self.start_tunnel(),
            Action::StartServe => return self.start_serve(),
            Action::OpenTunnel => {
                let origin = self.listener.local_addr().ok()?;
                self.tunnel.as_ref()?.tell(ToTunnel::Open { origin });
            }
            Action::ShowLink(address) => self.show_link(address),
            Action::TellMoved(url) => self.serve.as_ref()?.tell(ToServe::Moved { url }),
            Action::ShowBack => self.board.back(),
            Action::ShowLost(why, pause) => {
                self.host(None);
                self.board.lost(&why, pause);
            }
            Action::ShowEnd(cause) => self.board.ending(&cause),
            // Whoever was stopped is to say goodbye as well.
            Action::DrainServe => {
                self.serve.as_ref()?.service().resume();
                self.serve.as_ref()?.tell(ToServe::Drain);
            }
            Action::CloseTunnel => {
                self.tunnel.as_ref()?.service().resume();
                self.tunnel.as_ref()?.tell(ToTunnel::Close);
            }
            Action::KillTunnel => self.tunnel.as_ref()?.service().kill_group(),
            Action::ReleaseServe => {
                let serve = self.serve.as_mut()?;
                serve.release();
                serve.service().resume();
            }
            Action::KillServe => self.serve.as_ref()?.service().kill_group(),
            Action::Arm(timer, pause) => {
                self.timers.insert(timer, Instant::now() + pause);
            }
            Action::SettleLog { ask } => {
                let settled = self.closing.settle(&mut self.board, &self.inputs, ask);
                return settled.then_some(Event::LogSettled);
            }
            // Done by `step_all`, which may wait.
            Action::Wipe | Action::Finish(_) => {}
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
        self.board
            .link(&Secret::new(format!("{base}/t/{}", &*self.ticket.expose_secret())), public);
    }
}
