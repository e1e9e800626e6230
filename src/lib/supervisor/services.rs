//! The services of a session: started as siblings of our own program, spoken to over their
//! lifelines, heard through one queue.

use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, BufReader};
use tokio::net::unix::pipe;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::control::{self, FrameError, FromServe, FromTunnel, Inbox, Outbox, VERSION};
use crate::paths;
use crate::process::{self, ExitReason, Service, SpawnError};
use crate::terminal::harmless;

/// Things that happened and are not looked at yet. A full queue makes the services wait.
pub(super) const INPUTS: usize = 256;

/// Orders to a service that it has not read yet; it gets fewer than ten in its life.
const ORDERS: usize = 16;

/// Longest line of a service's standard error that is kept for the sentence about its end.
const LAST_WORDS: u64 = 1024;

/// How long the words of a dead service may take to arrive. They are in the kernel already; only
/// somebody who has inherited its streams and left its group can hold up their end.
const ECHO: Duration = Duration::from_millis(200);

/// What comes in from services and from the operator, in one queue.
#[derive(Debug)]
pub(super) enum Input {
    /// From the room.
    Serve(FromServe),
    /// From the tunnel.
    Tunnel(FromTunnel),
    /// A service is of another version, or says what nobody understands.
    Stranger(&'static str, String),
    /// A service has ended, after everything that it said.
    Ended(&'static str, String),
    /// So many things of dead sessions were removed.
    Cleaned(usize),
    /// A question over the control socket.
    Asked(control::Asked),
    /// What the operator typed; `None`: nobody types any more.
    Answer(Option<String>),
    /// Seconds until the public address is announced.
    Settling(u64),
}

/// The three sibling programs.
#[derive(Debug)]
pub(super) struct Siblings {
    /// `chattrace-serve`.
    pub(super) serve: PathBuf,
    /// `chattrace-tunnel`.
    pub(super) tunnel: PathBuf,
    /// `chattrace-clean`.
    pub(super) clean: PathBuf,
}

/// A service that runs.
#[derive(Debug)]
pub(super) struct Running<Order> {
    service: Service,
    orders: mpsc::Sender<Order>,
    /// Ends with the last that it said on its standard error, once all its messages are queued.
    voice: JoinHandle<Option<String>>,
}

/// A message that begins with the version of its sender.
trait Greets {
    fn version(&self) -> Option<&str>;
}

impl Greets for FromServe {
    fn version(&self) -> Option<&str> {
        if let FromServe::Hello { version } = self { Some(version) } else { None }
    }
}

impl Greets for FromTunnel {
    fn version(&self) -> Option<&str> {
        if let FromTunnel::Hello { version } = self { Some(version) } else { None }
    }
}

impl Siblings {
    /// Finds them beside our own program.
    ///
    /// # Errors
    /// With the first that is missing.
    pub(super) fn find() -> Result<Self, SpawnError> {
        Ok(Self {
            serve: process::sibling("chattrace-serve")?,
            tunnel: process::sibling("chattrace-tunnel")?,
            clean: process::sibling("chattrace-clean")?,
        })
    }

    /// Starts the room on `listener`.
    ///
    /// # Errors
    /// When the system does not start it.
    pub(super) fn start_serve(
        &self,
        session: &str,
        listener: OwnedFd,
        inputs: &mpsc::Sender<Input>,
    ) -> Result<Running<control::ToServe>, SpawnError> {
        start("chattrace-serve", &self.serve, session, Some(listener), inputs, Input::Serve)
    }

    /// Starts the tunnel.
    ///
    /// # Errors
    /// When the system does not start it.
    pub(super) fn start_tunnel(
        &self,
        session: &str,
        inputs: &mpsc::Sender<Input>,
    ) -> Result<Running<control::ToTunnel>, SpawnError> {
        start("chattrace-tunnel", &self.tunnel, session, None, inputs, Input::Tunnel)
    }

    /// Lets `chattrace-clean` remove what dead sessions left; ends with [`Input::Cleaned`].
    ///
    /// # Errors
    /// When the system does not start it.
    pub(super) fn clean(
        &self,
        session: &str,
        inputs: &mpsc::Sender<Input>,
    ) -> Result<(), SpawnError> {
        let name = "chattrace-clean";
        let refused = |source| SpawnError::Refused { name, source };
        let mut child = std::process::Command::new(&self.clean)
            .args(["--stale", "--yes", "--json"])
            // So that the wipe finds it if the session ends first.
            .env(paths::SESSION_MARK, session)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(refused)?;
        let stdout = child.stdout.take().map(OwnedFd::from);
        let stdout = stdout.map(pipe::Receiver::from_owned_fd).transpose().map_err(refused)?;
        let inputs = inputs.clone();
        // It is reaped with the orphans; its end is the end of its output.
        tokio::spawn(async move {
            let mut removed = 0;
            if let Some(stdout) = stdout {
                each_line(stdout, |line| removed += usize::from(was_removed(line))).await;
            }
            let _ = inputs.send(Input::Cleaned(removed)).await;
        });
        Ok(())
    }
}

/// Whether this line of `chattrace-clean --json` is about a thing that is gone now; others are about
/// things that stay.
fn was_removed(line: &str) -> bool {
    #[derive(serde::Deserialize)]
    struct Line {
        removed: bool,
    }
    serde_json::from_str::<Line>(line).is_ok_and(|line| line.removed)
}

impl<Order> Running<Order> {
    /// Tells it something. One that does not listen any more is noticed by its end.
    pub(super) fn tell(&self, order: Order) {
        let _ = self.orders.try_send(order);
    }

    /// Its process.
    pub(super) fn service(&self) -> &Service {
        &self.service
    }

    /// If it has ended: how.
    pub(super) fn ended(&self) -> Option<ExitReason> {
        self.service.reap()
    }

    /// Lets [`Input::Ended`] follow the last that a dead service has said: why it ended stands
    /// there, and the news of a death is faster than the words before it.
    pub(super) fn bury(self, reason: ExitReason, inputs: mpsc::Sender<Input>) {
        tokio::spawn(async move {
            let words = tokio::time::timeout(ECHO, self.voice).await;
            let how = match words {
                Ok(Ok(Some(words))) => format!("{reason}: {words}"),
                Ok(_) | Err(_) => reason.to_string(),
            };
            let _ = inputs.send(Input::Ended(self.service.name(), how)).await;
        });
    }
}

fn start<From, Order>(
    name: &'static str,
    program: &std::path::Path,
    session: &str,
    handed: Option<OwnedFd>,
    inputs: &mpsc::Sender<Input>,
    wrap: fn(From) -> Input,
) -> Result<Running<Order>, SpawnError>
where
    From: DeserializeOwned + Greets + Send + 'static,
    Order: Serialize + Send + Sync + 'static,
{
    let refused = |source| SpawnError::Refused { name, source };
    let (inbox, outbox, theirs) = control::pair::<From, Order>().map_err(refused)?;
    let mut service = Service::start(name, program, session, theirs, handed)?;
    let stderr = service.stderr.take().map(OwnedFd::from);
    let stderr = stderr.map(pipe::Receiver::from_owned_fd).transpose().map_err(refused)?;
    let (orders, orders_in) = mpsc::channel(ORDERS);
    let listening = tokio::spawn(listen(name, inbox, inputs.clone(), wrap));
    tokio::spawn(speak(outbox, orders_in));
    let voice = tokio::spawn(async move {
        let mut last = None;
        if let Some(stderr) = stderr {
            each_line(stderr, |line| last = Some(harmless(line))).await;
        }
        let _ = listening.await;
        last
    });
    Ok(Running { service, orders, voice })
}

/// Passes on what a service says, after it has shown that it is of our version.
async fn listen<From: DeserializeOwned + Greets>(
    name: &'static str,
    mut inbox: Inbox<From>,
    inputs: mpsc::Sender<Input>,
    wrap: fn(From) -> Input,
) {
    let mut greeted = false;
    loop {
        let input = match inbox.receive().await {
            Ok(Some(message)) => match message.version() {
                Some(version) if version == VERSION => {
                    greeted = true;
                    continue;
                }
                Some(version) => Input::Stranger(name, format!("is version {}", harmless(version))),
                None if greeted => wrap(message),
                None => Input::Stranger(name, "did not say its version".to_owned()),
            },
            // Of another version, most likely: ours would say nothing that we do not know.
            Err(FrameError::NotUnderstood(_)) if !greeted => {
                Input::Stranger(name, "speaks another version's language".to_owned())
            }
            Err(FrameError::NotUnderstood(_)) => continue,
            Ok(None) | Err(FrameError::Broken(_) | FrameError::TooLong) => return,
        };
        if inputs.send(input).await.is_err() {
            return;
        }
    }
}

async fn speak<Order: Serialize>(mut outbox: Outbox<Order>, mut orders: mpsc::Receiver<Order>) {
    while let Some(order) = orders.recv().await {
        if outbox.send(&order).await.is_err() {
            return;
        }
    }
}

/// Calls `take` with each line, cut at a bound, until the stream ends. Always reads on: a program
/// whose standard error is full stops working.
async fn each_line(stream: impl AsyncRead + Unpin, mut take: impl FnMut(&str)) {
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    loop {
        line.clear();
        match (&mut reader).take(LAST_WORDS).read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => return,
            Ok(_) => take(String::from_utf8_lossy(&line).trim_end()),
        }
    }
}
