//! The room alone, in a pipeline or in front of a debugger.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::net::TcpListener;
use tokio::time::timeout;

use super::cli::Cli;
use super::web::{Door, Public};
use super::{LISTEN_QUEUE, ServeError, Service};
use crate::config::Config;
use crate::control::{FromServe, Participant};
use crate::exit::Exit;
use crate::process::{self, EndSignals};
use crate::terminal::{self, Reader};
use crate::token::Token;

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

/// Serves until a signal, or until nobody reads our stdout any more.
pub(super) async fn run(cli: &Cli) -> Result<Exit, ServeError> {
    let config = Config::resolve(&cli.overrides())?;
    let mut signals = EndSignals::catch()?;
    let _ = process::harden();
    let listener = process::listen(config.listen, LISTEN_QUEUE)?;
    let listen = listener.local_addr()?;
    let ticket = Token::draw()?;
    let link = format!("http://{listen}/t/{}", ticket.reveal());
    let mut service = Service::new(config.room, ticket, Door::new(listen, Public::AnyQuickTunnel))?;
    let listener = TcpListener::from_std(listener)?;
    let ready = if cli.json { json(&Event::Ready { link: &link }) } else { link };
    let mut reader = terminal::result(&ready);
    if reader == Reader::There {
        terminal::say("open room: this computer, and a tunnel's provider, can read what is said");
        if !listen.ip().is_loopback() {
            terminal::say(&format!(
                "{listen}: everybody on this network can reach the room, unencrypted"
            ));
        }
    }
    let serving = super::web::serve(listener, Arc::clone(&service.web));
    let time = super::keep_time(Arc::clone(&service.hub));
    let work = async { tokio::join!(serving, time) };
    tokio::pin!(work);
    let reader_gone = terminal::reader_gone();
    tokio::pin!(reader_gone);
    while reader == Reader::There {
        tokio::select! {
            _ = &mut work => break,
            _ = signals.next() => break,
            () = &mut reader_gone => break,
            Some(notice) = service.notices.recv() => reader = tell(cli.json, &notice),
        }
    }
    service.hub.end();
    if cli.json {
        terminal::result(&json(&Event::Closing));
    }
    let goodbye = async {
        let _ = timeout(FAREWELL, service.hub.drained()).await;
    };
    let exit = tokio::select! {
        _ = &mut work => Exit::Ended,
        () = goodbye => Exit::Ended,
        _ = signals.next() => Exit::Killed,
    };
    if cli.json {
        terminal::result(&json(&Event::Closed));
    }
    Ok(exit)
}

fn tell(json_wanted: bool, notice: &FromServe) -> Reader {
    let event = match notice {
        FromServe::Joined { participant, present } => {
            Event::Joined { participant, present: *present }
        }
        FromServe::Left { participant, present } => Event::Left { participant, present: *present },
        FromServe::Hello { .. } | FromServe::Ready | FromServe::Drained => return Reader::There,
    };
    if json_wanted { terminal::result(&json(&event)) } else { Reader::There }
}

fn json(event: &Event<'_>) -> String {
    serde_json::to_string(event).expect("strings and numbers always serialise")
}
