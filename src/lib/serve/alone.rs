//! The room alone, in a pipeline or in front of a debugger.

use std::net::SocketAddr;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::net::TcpListener;
use tokio::time::timeout;

use super::cli::Cli;
use super::confined::Confined;
use super::limits::MemoryLimit;
use super::web::{Door, Public};
use super::{ServeError, Service};
use crate::config::{Config, ConfinementPolicy};
use crate::control::{FromServe, Participant, Protection};
use crate::exit::Exit;
use crate::process::{self, EndCause, EndSignals};
use crate::terminal::{self, BackgroundWriter, OutputState, escape_control};
use crate::token::{Secret, Token};

/// How long everybody has to take the goodbye: a participant who reads at all reads it at once.
const FAREWELL: Duration = Duration::from_millis(1500);

/// What a program that reads our stdout learns.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Event<'a> {
    Ready { link: &'a str },
    Joined { participant: &'a Participant, present: usize },
    Left { participant: &'a Participant, present: usize },
    Closing,
    Closed,
}

/// Says how much memory the room can take.
///
/// # Errors
/// When the settings are wrong.
pub(super) fn explain_limits(cli: &Cli) -> Result<Exit, ServeError> {
    let config = Config::resolve(&cli.overrides())?;
    terminal::print_line(&MemoryLimit::of(&config.room).to_string());
    Ok(Exit::Ended)
}

/// What needs files and ports: to be had before they are given up.
pub(super) struct Alone {
    config: Config,
    listener: std::net::TcpListener,
}

impl Alone {
    /// Reads the settings and listens.
    ///
    /// # Errors
    /// When the settings are wrong, or the address cannot be listened on.
    pub(super) fn prepare(cli: &Cli) -> Result<Self, ServeError> {
        let config = Config::resolve(&cli.overrides())?;
        let listener = process::listen(config.listen)?;
        Ok(Self { config, listener })
    }

    /// Where connections come in.
    pub(super) fn listener(&self) -> BorrowedFd<'_> {
        self.listener.as_fd()
    }

    /// Serves until a signal, or until nobody reads our stdout any more.
    ///
    /// # Errors
    /// When the system refuses something basic, or required confinement is not whole.
    pub(super) async fn run(self, cli: &Cli, confined: Confined) -> Result<Exit, ServeError> {
        let Self { config, listener } = self;
        let signals = EndSignals::catch()?;
        let listen = listener.local_addr()?;
        let ticket = Token::draw()?;
        let link = Secret::new(format!("http://{listen}/t/{}", &*ticket.reveal()));
        let service = Service::new(config.room, ticket, Door::new(listen, Public::AnyQuickTunnel))?;
        let listener = TcpListener::from_std(listener)?;
        // A thread: there can be none later.
        let lines = if cli.json {
            Some(BackgroundWriter::start("stdout", terminal::print_line)?)
        } else {
            None
        };
        // A copy of stdout is watched, and copies cannot be made later.
        let gone = terminal::stdout_closed();
        let protection = confined.complete(listener.as_fd()).await;
        protected(&protection, config.confinement)?;
        let reader = announce(link, cli.json);
        if reader == OutputState::Open {
            explain(listen);
        }
        let unread = async {
            match reader {
                OutputState::Open => gone.await,
                // The reader was gone before the first line.
                OutputState::Closed => {}
            }
        };
        serve(service, listener, lines, signals, unread).await
    }
}

/// Tells the link, once. It is not kept: the ticket in it would be, for as long as we serve.
fn announce(link: Secret, as_json: bool) -> OutputState {
    if as_json {
        return terminal::print_line(&json(&Event::Ready { link: &link }));
    }
    terminal::print_line(&link)
}

/// Serves until a signal, or until nobody reads our stdout any more.
async fn serve(
    mut service: Service,
    listener: TcpListener,
    lines: Option<BackgroundWriter>,
    mut signals: EndSignals,
    unread: impl Future<Output = ()>,
) -> Result<Exit, ServeError> {
    let tell = |event: &Event<'_>| {
        if let Some(lines) = &lines {
            lines.send(json(event));
        }
    };
    let serving = super::web::serve(listener, Arc::clone(&service.web));
    let time = super::keep_time(Arc::clone(&service.hub));
    let work = async { tokio::join!(serving, time) };
    tokio::pin!(work);
    tokio::pin!(unread);
    let began = loop {
        tokio::select! {
            _ = &mut work => break EndCause::ClosedStream,
            _ = signals.next() => break EndCause::Signal,
            () = &mut unread => break EndCause::ClosedStream,
            Some(notice) = service.notices.recv() => { event(&notice).inspect(tell); }
        }
    };
    service.hub.close();
    // Whoever came before the end is told of before it.
    while let Ok(notice) = service.notices.try_recv() {
        event(&notice).inspect(tell);
    }
    tell(&Event::Closing);
    let goodbye = async {
        let _ = timeout(FAREWELL, service.hub.drained()).await;
        tell(&Event::Closed);
    };
    tokio::select! {
        _ = &mut work => {}
        () = goodbye => {}
        () = signals.second_interrupt(began) => return Ok(Exit::Killed),
    }
    if let Some(lines) = lines {
        let _ = timeout(FAREWELL, lines.flush()).await;
    }
    Ok(Exit::Ended)
}

/// Says what of the protection is missing, if it is not required.
fn protected(protection: &Protection, confine: ConfinementPolicy) -> Result<(), ServeError> {
    let confinement = &protection.confinement;
    match confine {
        ConfinementPolicy::Required if !confinement.is_whole() => {
            return Err(ServeError::Unconfined(confinement.fact()));
        }
        ConfinementPolicy::Required | ConfinementPolicy::WherePossible => {}
    }
    if !confinement.is_whole() {
        terminal::eprint_line(&format!("confinement: {}", escape_control(&confinement.fact())));
    }
    Ok(())
}

/// Says who can read what, to whoever started this.
fn explain(listen: SocketAddr) {
    terminal::eprint_line(
        "open room: this computer, and a tunnel's provider, can read what is said",
    );
    if !listen.ip().is_loopback() {
        terminal::eprint_line(&format!(
            "{listen}: everybody on this network can reach the room, unencrypted"
        ));
    }
}

/// What a program learns of a notice.
fn event(notice: &FromServe) -> Option<Event<'_>> {
    match notice {
        FromServe::Joined { participant, present } => {
            Some(Event::Joined { participant, present: *present })
        }
        FromServe::Left { participant, present } => {
            Some(Event::Left { participant, present: *present })
        }
        FromServe::Hello { .. } | FromServe::Ready { .. } | FromServe::Drained => None,
    }
}

fn json(event: &Event<'_>) -> String {
    terminal::json(event).expect("strings and numbers always serialise")
}
