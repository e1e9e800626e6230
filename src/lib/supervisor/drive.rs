//! The event loop: signals, messages, exits and deadlines in; actions out. It decides nothing:
//! every decision is [`Session::step`].

use std::collections::{BTreeMap, VecDeque};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::board::Board;
use super::closing::Closing;
use super::services::{INPUTS, Input, Running, Siblings};
use super::session::{Action, Asked, Cause, Ending, Event, Session, Timer};
use crate::config::Config;
use crate::control::{
    AnswerBody, Ask, FromServe, FromTunnel, Listener, ToServe, ToTunnel, VERSION,
};
use crate::paths::RunDir;
use crate::process::{self, EndSignal, EndSignals};
use crate::terminal::{self, Reader};
use crate::token::Token;

/// Everything that a session holds on to.
pub(super) struct Drive {
    config: Config,
    siblings: Siblings,
    board: Board,
    closing: Closing,
    session: Session,
    /// Marks our processes and names the runtime folder.
    id: String,
    ticket: Token,
    listener: TcpListener,
    run_dir: Option<RunDir>,
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
    pub(super) siblings: Siblings,
    pub(super) board: Board,
    pub(super) id: String,
    pub(super) ticket: Token,
    pub(super) listener: TcpListener,
    pub(super) run_dir: RunDir,
}

/// What wakes the loop.
enum Woken {
    Signal(EndSignal),
    /// Ctrl+Z.
    Stop,
    Child,
    Input(Input),
    ReaderGone,
    TerminalGone,
    Timer,
}

/// Runs a session to its end.
///
/// # Errors
/// When the system refuses a signal handler.
pub(super) async fn run(begin: Beginning, mut signals: EndSignals) -> std::io::Result<Ending> {
    let mut children = signal(SignalKind::child())?;
    // Stopped, the supervisor alone would freeze, and the room stay public without its operator.
    let mut stops = signal(SignalKind::from_raw(process::STOP_KEY))?;
    let (inputs, mut inputs_in) = mpsc::channel(INPUTS);
    let (mut drive, first) = Drive::new(begin, inputs);
    drive.clean_stale().await;
    let failures = first.into_iter().filter_map(|action| drive.act(action)).collect();
    let mut ended = drive.step_all(failures, &mut children).await;
    let (reader_gone, terminal_gone) = (terminal::reader_gone(), terminal::terminal_gone());
    tokio::pin!(reader_gone, terminal_gone);
    let (mut read, mut attached) = (true, true);
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
            which = signals.next() => Woken::Signal(which),
            _ = stops.recv() => Woken::Stop,
            () = &mut terminal_gone, if attached => Woken::TerminalGone,
            () = &mut reader_gone, if read => Woken::ReaderGone,
            _ = children.recv() => Woken::Child,
            () = rings => Woken::Timer,
            Some(input) = inputs_in.recv() => Woken::Input(input),
        };
        attached &= !matches!(woken, Woken::TerminalGone);
        read &= !matches!(woken, Woken::ReaderGone);
        ended = drive.wake(woken, &mut children).await;
    }
    Ok(ended.unwrap_or(Ending::Remains))
}

impl Drive {
    fn new(begin: Beginning, inputs: mpsc::Sender<Input>) -> (Self, Vec<Action>) {
        let (session, first) = Session::begin(super::tunnelling(begin.config.tunnel.provider));
        let closing = Closing::new(begin.config.logs, begin.config.archive_dir.clone());
        let mut drive = Self {
            config: begin.config,
            siblings: begin.siblings,
            board: begin.board,
            closing,
            session,
            id: begin.id,
            ticket: begin.ticket,
            listener: begin.listener,
            run_dir: Some(begin.run_dir),
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
        match Listener::bind(&run_dir.control_socket(), process::own_user()) {
            Ok(listener) => {
                let (asks, mut asked) = mpsc::channel(1);
                let inputs = self.inputs.clone();
                tokio::spawn(async move {
                    while let Some(question) = asked.recv().await {
                        if inputs.send(Input::Asked(question)).await.is_err() {
                            return;
                        }
                    }
                });
                self.control = Some(tokio::spawn(listener.serve(asks)));
            }
            Err(error) => self.board.hint(&format!("no control socket: {error}")),
        }
    }

    async fn clean_stale(&mut self) {
        if let Err(error) = self.siblings.clean(&self.inputs) {
            self.board.hint(&error.to_string());
            let _ = self.inputs.send(Input::Cleaned(0)).await;
        }
    }

    async fn wake(&mut self, woken: Woken, children: &mut Signal) -> Option<Ending> {
        let event = match woken {
            Woken::Signal(EndSignal::Hangup) | Woken::TerminalGone => {
                Some(Event::End(Cause::Asked(Asked::TerminalClosed)))
            }
            Woken::Signal(EndSignal::Interrupt | EndSignal::Terminate | EndSignal::Quit) => {
                Some(Event::End(Cause::Asked(Asked::Operator)))
            }
            Woken::ReaderGone => Some(Event::End(Cause::Asked(Asked::ReaderGone))),
            Woken::Stop => {
                self.board.hint("Ctrl+Z would leave the room open without you; Ctrl+C ends it");
                None
            }
            Woken::Child => {
                let events = self.reap();
                return self.step_all(events, children).await;
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
        let mut ended = None;
        loop {
            if self.board.reader() == Reader::Gone {
                events.push_back(Event::End(Cause::Asked(Asked::ReaderGone)));
            }
            let Some(event) = events.pop_front() else {
                return ended;
            };
            for action in self.session.step(event) {
                match action {
                    Action::Wipe => {
                        let clean = self.wipe(children).await;
                        events.push_back(Event::Wiped(clean));
                    }
                    Action::SettleLog { ask } => {
                        if self.closing.settle(&mut self.board, &self.inputs, ask) {
                            events.push_back(Event::LogSettled);
                        }
                    }
                    Action::Finish(ending) => ended = Some(ending),
                    other => events.extend(self.act(other)),
                }
            }
            if ended.is_some() {
                self.board.finished(&self.remains);
                return ended;
            }
        }
    }

    /// Does one thing; what follows at once is an event.
    fn act(&mut self, action: Action) -> Option<Event> {
        match action {
            Action::StartTunnel => return self.start_tunnel(),
            Action::StartServe => return self.start_serve(),
            Action::OpenTunnel => {
                let origin = self.listener.local_addr().ok()?;
                self.tunnel.as_ref()?.tell(ToTunnel::Open { origin });
            }
            Action::ShowLink(address) => self.show_link(address),
            Action::ShowBack => self.board.back(),
            Action::ShowLost(why, pause) => {
                self.host(None);
                self.board.lost(&why, pause);
            }
            Action::ShowEnd(cause) => self.board.ending(&cause),
            Action::DrainServe => self.serve.as_ref()?.tell(ToServe::Drain),
            Action::CloseTunnel => self.tunnel.as_ref()?.tell(ToTunnel::Close),
            Action::KillTunnel => self.tunnel.as_ref()?.service().kill_group(),
            Action::TerminateServe => self.serve.as_ref()?.service().terminate(),
            Action::KillServe => self.serve.as_ref()?.service().kill_group(),
            Action::Arm(timer, pause) => {
                self.timers.insert(timer, Instant::now() + pause);
            }
            Action::SettleLog { .. } | Action::Wipe | Action::Finish(_) => {}
        }
        None
    }

    fn start_serve(&mut self) -> Option<Event> {
        let handed = self.listener.try_clone().map(OwnedFd::from);
        let started = match handed {
            Ok(handed) => self.siblings.start_serve(&self.id, handed, &self.inputs),
            Err(source) => Err(process::SpawnError::Refused { name: "chattrace-serve", source }),
        };
        match started {
            Ok(serve) => {
                let room = self.config.room.clone();
                serve.tell(ToServe::Start { room, ticket: self.ticket.clone() });
                self.serve = Some(serve);
                None
            }
            Err(error) => Some(Event::ServeEnded(error.to_string())),
        }
    }

    fn start_tunnel(&mut self) -> Option<Event> {
        let run_dir = self.run_dir.as_ref()?.path().to_owned();
        match self.siblings.start_tunnel(&self.id, &self.inputs) {
            Ok(tunnel) => {
                tunnel.tell(ToTunnel::Start { tunnel: self.config.tunnel.clone(), run_dir });
                self.tunnel = Some(tunnel);
                None
            }
            Err(error) => Some(Event::TunnelEnded(error.to_string())),
        }
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
        self.board.link(&format!("{base}/t/{}", self.ticket.reveal()), public);
    }

    /// Lets the room answer under this public name, and no other.
    fn host(&self, url: Option<&str>) {
        let name = url.and_then(|url| url.strip_prefix("https://")).map(str::to_owned);
        if let Some(serve) = &self.serve {
            serve.tell(ToServe::Host { name });
        }
    }

    fn hear(&mut self, input: Input) -> Option<Event> {
        match input {
            Input::Serve(message) => self.hear_serve(message),
            Input::Tunnel(message) => self.hear_tunnel(message),
            Input::Stranger(name, what) => Some(Event::End(Cause::Failed(format!(
                "{name} {what}, this is {VERSION}; build or install all four programs together"
            )))),
            Input::LastWords(name, words) => {
                let of = |running: &mut Option<String>| *running = Some(words.clone());
                if let Some(serve) = self.serve.as_mut().filter(|it| it.service().name() == name) {
                    of(&mut serve.last_words);
                }
                if let Some(tunnel) = self.tunnel.as_mut().filter(|it| it.service().name() == name)
                {
                    of(&mut tunnel.last_words);
                }
                None
            }
            Input::Cleaned(removed) => {
                self.board.cleaned(removed);
                Some(Event::Cleaned)
            }
            Input::Asked((ask, answer)) => {
                let (body, event) = self.answer(&ask);
                // Whoever asked may be gone.
                let _ = answer.send(body);
                event
            }
            Input::Answer(answer) => {
                let settled =
                    self.closing.answered(&mut self.board, &self.inputs, answer.as_deref());
                settled.then_some(Event::LogSettled)
            }
            Input::Settling(left) => {
                let text = format!("registered; announced in {left} s, when its name has spread");
                self.board.tunnel("settling", &text);
                None
            }
        }
    }

    fn hear_serve(&mut self, message: FromServe) -> Option<Event> {
        match message {
            FromServe::Ready => {
                if let Ok(listen) = self.listener.local_addr() {
                    self.board.ready(listen);
                }
                Some(Event::ServeReady)
            }
            FromServe::Joined { participant, present } => {
                self.board.joined(&participant, present);
                None
            }
            FromServe::Left { participant, present } => {
                self.board.left(&participant, present);
                None
            }
            FromServe::Drained => Some(Event::Drained),
            FromServe::Hello { .. } => None,
        }
    }

    fn hear_tunnel(&mut self, message: FromTunnel) -> Option<Event> {
        match message {
            FromTunnel::Fetching { version, from, size, resumed_at, to } => {
                self.board.fetching(&version, &from, size, &to);
                self.board.fetched(resumed_at);
            }
            FromTunnel::Fetched { bytes } => self.board.fetched(bytes),
            FromTunnel::Found { version, digest, source, .. } => {
                self.board.found(version.as_deref(), &digest, source);
                return Some(Event::TunnelFound);
            }
            FromTunnel::Starting => self.board.tunnel("starting", "asking for an address"),
            FromTunnel::Url { url } => {
                self.host(Some(&url));
                self.board.tunnel("url", "has an address, waiting for the edge");
            }
            FromTunnel::Registered { url, settle_seconds } => {
                self.host(Some(&url));
                self.settle(settle_seconds);
            }
            FromTunnel::Up { url } => {
                self.host(Some(&url));
                return Some(Event::TunnelUp(url));
            }
            FromTunnel::Reconnecting => self.board.reconnecting(),
            FromTunnel::Lost { why, retry_after } => {
                self.stop_settling();
                return Some(Event::TunnelLost(why, retry_after));
            }
            FromTunnel::Hello { .. } | FromTunnel::Closed => {}
        }
        None
    }

    /// Counts the seconds of settling down on the screen.
    fn settle(&mut self, seconds: u64) {
        self.stop_settling();
        if self.session.is_public() {
            return;
        }
        let inputs = self.inputs.clone();
        self.settling = Some(tokio::spawn(async move {
            for left in (1..=seconds).rev() {
                if inputs.send(Input::Settling(left)).await.is_err() {
                    return;
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }));
    }

    fn stop_settling(&mut self) {
        if let Some(task) = self.settling.take() {
            task.abort();
        }
    }

    fn answer(&self, ask: &Ask) -> (AnswerBody, Option<Event>) {
        match ask {
            Ask::Ping => (AnswerBody::Pong { version: VERSION }, None),
            Ask::Status => {
                let status = AnswerBody::Status {
                    phase: super::phase_name(self.session.phase()),
                    present: self.board.present(),
                    public: self.session.announced().map(str::to_owned),
                };
                (status, None)
            }
            Ask::Stop => (AnswerBody::Stopping, Some(Event::End(Cause::Asked(Asked::Remotely)))),
        }
    }

    /// Collects whoever has ended.
    fn reap(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        if let Some(how) = self.serve.as_ref().and_then(Running::ended) {
            self.serve = None;
            events.push(Event::ServeEnded(how));
        }
        if let Some(how) = self.tunnel.as_ref().and_then(Running::ended) {
            self.tunnel = None;
            events.push(Event::TunnelEnded(how));
        }
        let serve = self.serve.as_ref().map(Running::service);
        let tunnel = self.tunnel.as_ref().map(Running::service);
        let known: Vec<_> = serve.into_iter().chain(tunnel).collect();
        process::reap_orphans(&known);
        events
    }

    fn due(&mut self) -> Vec<Event> {
        let now = Instant::now();
        let due: Vec<Timer> =
            self.timers.iter().filter(|(_, at)| **at <= now).map(|(timer, _)| *timer).collect();
        for timer in &due {
            self.timers.remove(timer);
        }
        due.into_iter().map(Event::Rang).collect()
    }

    /// Removes everything and looks whether it is gone.
    async fn wipe(&mut self, children: &mut Signal) -> bool {
        let end = Instant::now() + WIPE;
        self.closing.forget();
        loop {
            let _events_of_the_dead = self.reap();
            let left = process::end_marked_children(&self.id);
            if left.is_empty() {
                break;
            }
            if tokio::time::timeout_at(end, children.recv()).await.is_err() {
                self.remains.extend(left.into_iter().map(|pid| format!("process {pid}")));
                break;
            }
        }
        if let Some(task) = self.control.take() {
            task.abort();
            let _ = task.await;
        }
        if let Some(run_dir) = self.run_dir.take() {
            let path = run_dir.path().display().to_string();
            if let Err(error) = run_dir.remove() {
                self.remains.push(format!("{path}: {error}"));
            }
        }
        self.remains.is_empty()
    }
}

/// Patience with killed processes before they are named as remaining.
const WIPE: Duration = Duration::from_secs(2);
