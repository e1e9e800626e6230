//! The room without a supervisor: in a pipeline, or for debugging.

use std::os::fd::{AsFd as _, BorrowedFd};
use std::time::Duration;

use serde::Serialize;
use tokio::net::TcpListener;
use tokio::time::timeout;

use super::cli::{ServeCli, check_lobby};
use super::confined::Confined;
use super::error::ServeError;
use super::limits::MemoryLimit;
use super::service::RoomService;
use super::web::{HostPolicy, PublicHost};
use crate::config::{Config, ConfinementPolicy};
use crate::control::{Admission, FromServe, Participant, Protection, RoomRules};
use crate::exit::Exit;
use crate::process::{
    self, IncompleteConfinement, Reachable, ReachableBy, ShutdownCause, TerminationSignals,
};
use crate::terminal::{self, BackgroundWriter, OutputEnd, escape_control};
use crate::token::{Secret, Token, room_link};

/// Time for clients to read the last line, and for the reader of standard output to read the last
/// event: one that reads at all does so at once.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(1500);

/// One line of `--json`; docs/protocol.md documents the fields.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum ServeEvent<'a> {
    /// `others` lead to the same room, from other computers.
    Ready {
        link: &'a str,
        others: &'a [Secret],
    },
    Joined {
        participant: &'a Participant,
        present: usize,
    },
    Left {
        participant: &'a Participant,
        present: usize,
    },
    Closing,
    Closed,
}

/// Prints how much memory the room can take.
///
/// # Errors
/// When the settings are wrong.
pub(super) fn explain_limits(cli: &ServeCli) -> Result<Exit, ServeError> {
    let config = Config::resolve(&cli.explained_overrides())?;
    Ok(terminal::print_result("chattrace-serve", &MemoryLimit::of(&config.room).to_string()))
}

/// What needs files or ports: made before the process is confined.
pub(super) struct Standalone {
    config: Config,
    listener: std::net::TcpListener,
    reachable: Reachable,
}

impl Standalone {
    /// Reads the settings and listens.
    ///
    /// # Errors
    /// When the system refuses what every room needs, the settings are wrong, or the address cannot be
    /// listened on.
    pub(super) fn prepare(cli: &ServeCli) -> Result<Self, ServeError> {
        process::require_service_calls()?;
        if cli.json {
            // Lines are written by a thread.
            process::require_threads()?;
        }
        let config = Config::resolve(&cli.overrides()?)?;
        // No one comes in during a self test.
        if !cli.self_test {
            check_lobby(&config.room)?;
        }
        let listener = process::listen(config.listen)?;
        let reachable = Reachable::of(&listener)?;
        Ok(Self { config, listener, reachable })
    }

    /// The one socket on which a confined process may still accept connections.
    pub(super) fn listener(&self) -> BorrowedFd<'_> {
        self.listener.as_fd()
    }

    /// Serves until a signal arrives or the reader of standard output is gone.
    ///
    /// # Errors
    /// When a basic system call fails, when confinement is required and incomplete, or when the link or
    /// an event cannot be written.
    pub(super) async fn run(self, cli: &ServeCli, confined: Confined) -> Result<Exit, ServeError> {
        let Self { config, listener, reachable } = self;
        let signals = TerminationSignals::catch()?;
        let ticket = Token::generate()?;
        let links = ServeLinks::new(&reachable, &ticket.expose_secret());
        let host_policy = HostPolicy::new(listener.local_addr()?, PublicHost::AnyQuickTunnel);
        let (admission, rules) = (Admission::Open { ticket }, RoomRules::at_start(&config.room));
        let service = RoomService::new(config.room, admission, rules, host_policy)?;
        let listener = TcpListener::from_std(listener)?;
        // Starts a thread, which the filter for system calls forbids later.
        let json_writer = if cli.json {
            Some(BackgroundWriter::start("stdout", terminal::print_line)?)
        } else {
            None
        };
        // Copies a descriptor, which the filter forbids as well.
        let stdout_end = terminal::stdout_end(json_writer.as_ref());
        let protection = confined.complete(listener.as_fd()).await;
        check_confinement(&protection, config.confinement)?;
        let printed = print_links(links, cli.json);
        let output_end = async {
            match printed {
                Ok(()) => stdout_end.await,
                Err(end) => end,
            }
        };
        serve(service, listener, json_writer, signals, output_end).await
    }
}

/// The links to the room, ticket included.
struct ServeLinks {
    /// On loopback where it listens there, so that `chattrace-tunnel` takes it.
    main: Secret,
    /// The same room under the other addresses.
    others: Vec<Secret>,
    reachable_by: ReachableBy,
}

impl ServeLinks {
    fn new(reachable: &Reachable, ticket: &Secret) -> Self {
        let addresses = reachable.loopback.iter().chain(&reachable.network);
        let mut links = addresses.map(|address| room_link(&format!("http://{address}"), ticket));
        let main = links.next().expect("a listener has an address on loopback or on the network");
        Self { main, others: links.collect(), reachable_by: reachable.by }
    }
}

/// Prints the links and drops them: they contain the ticket, which this process keeps no longer than
/// needed. The first goes to stdout, the others to people.
fn print_links(links: ServeLinks, as_json: bool) -> Result<(), OutputEnd> {
    let ServeLinks { main, others, reachable_by } = links;
    let first = if as_json {
        terminal::print_line(&terminal::json_line(&ServeEvent::Ready {
            link: &main,
            others: &others,
        }))
    } else {
        terminal::print_line(&main)
    };
    if first.is_ok() {
        for link in &others {
            terminal::eprint_line(link);
        }
        print_notes(reachable_by);
    }
    first
}

/// Serves until a signal arrives or standard output has ended, then closes the room.
async fn serve(
    mut service: RoomService,
    listener: TcpListener,
    json_writer: Option<BackgroundWriter>,
    mut signals: TerminationSignals,
    output_end: impl Future<Output = OutputEnd>,
) -> Result<Exit, ServeError> {
    let report = |event: &ServeEvent<'_>| {
        if let Some(writer) = &json_writer {
            writer.send(terminal::json_line(event));
        }
    };
    let running = service.run(listener);
    tokio::pin!(running);
    tokio::pin!(output_end);
    let mut written = Ok(());
    let cause = loop {
        tokio::select! {
            () = &mut running => break ShutdownCause::ClosedStream,
            _ = signals.recv() => break ShutdownCause::Signal,
            end = &mut output_end => {
                written = Err(end);
                break ShutdownCause::ClosedStream;
            }
            Some(notice) = service.notices.recv() => { event_of(&notice).inspect(report); }
        }
    };
    service.hub.close();
    // Joins and leaves from before the end are reported first.
    while let Ok(notice) = service.notices.try_recv() {
        event_of(&notice).inspect(report);
    }
    report(&ServeEvent::Closing);
    let closed = async {
        let _ = timeout(CLOSE_TIMEOUT, service.hub.drained()).await;
        report(&ServeEvent::Closed);
    };
    tokio::select! {
        () = &mut running => {}
        () = closed => {}
        () = signals.second_interrupt(cause) => return Ok(Exit::Killed),
    }
    if let Some(writer) = json_writer {
        // A stuck reader has not refused anything.
        written = written.and(timeout(CLOSE_TIMEOUT, writer.flush()).await.unwrap_or(Ok(())));
    }
    match written {
        Err(OutputEnd::Failed(error)) => Err(error.into()),
        Ok(()) | Err(OutputEnd::ReaderGone) => Ok(Exit::Ended),
    }
}

/// Refuses to serve if confinement is required and incomplete; else prints what is missing of it.
fn check_confinement(protection: &Protection, policy: ConfinementPolicy) -> Result<(), ServeError> {
    let confinement = &protection.confinement;
    if confinement.is_complete() {
        return Ok(());
    }
    match policy {
        ConfinementPolicy::Required => Err(IncompleteConfinement(confinement.summary()).into()),
        ConfinementPolicy::WherePossible => {
            terminal::eprint_line(&format!("sandbox: {}", escape_control(&confinement.summary())));
            Ok(())
        }
    }
}

/// Tells the operator who can read the chat and who can reach the room.
fn print_notes(reachable_by: ReachableBy) {
    terminal::eprint_line(
        "open room: this computer, and a tunnel's provider, can read what is said",
    );
    if reachable_by != ReachableBy::ThisComputer {
        terminal::eprint_line(&reachable_by.to_string());
    }
}

fn event_of(notice: &FromServe) -> Option<ServeEvent<'_>> {
    match notice {
        FromServe::Joined { participant, present } => {
            Some(ServeEvent::Joined { participant, present: *present })
        }
        FromServe::Left { participant, present } => {
            Some(ServeEvent::Left { participant, present: *present })
        }
        FromServe::Hello { .. }
        | FromServe::Ready { .. }
        | FromServe::Drained
        | FromServe::Operator(_)
        | FromServe::Sealed(_) => None,
    }
}
