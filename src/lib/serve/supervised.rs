//! The room under a supervisor: takes its settings and messages from the control channel, reports joins
//! and leaves on it, and ends when the supervisor closes it.

use std::convert::Infallible;
use std::future::pending;
use std::os::fd::AsFd as _;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use tokio::net::TcpListener;
use tokio::sync::Notify;

use super::confined::Confined;
use super::error::ServeError;
use super::hub::Hub;
use super::service::RoomService;
use super::web::{HostPolicy, PublicHost, WebState};
use crate::control::{self, FrameError, FromServe, Inbox, Outbox, RoomOrder, ToServe, VERSION};
use crate::exit::Exit;
use crate::process;

/// Serves until the supervisor closes the channel.
///
/// # Errors
/// When the channel breaks, no listener was passed, or a basic system call fails.
pub(super) async fn run(confined: Confined) -> Result<Exit, ServeError> {
    let (mut inbox, mut outbox) = control::from_stdin::<ToServe, FromServe>()?;
    outbox.send(&FromServe::Hello { version: VERSION.to_owned() }).await?;
    let Some(ToServe::Start { room, admission, rules }) = inbox.recv().await? else {
        return Ok(Exit::Ended);
    };
    let listener = process::inherited_listener()?;
    let public_host = PublicHost::Named(Mutex::new(None));
    let host_policy = HostPolicy::new(listener.local_addr()?, public_host);
    let mut service = RoomService::new(room, admission, rules, host_policy)?;
    let listener = TcpListener::from_std(listener)?;
    // From here on, accept(2) works on this one descriptor, and no copy of it can be made.
    let protection = confined.complete(listener.as_fd()).await;
    outbox.send(&FromServe::Ready { protection }).await?;
    let (hub, web) = (Arc::clone(&service.hub), Arc::clone(&service.web));
    let draining = Notify::new();
    // At the same time, so that neither process waits for the other to read while the other waits too.
    tokio::select! {
        () = service.run(listener) => Ok(Exit::Ended),
        ended = handle_messages(&hub, &web, &mut inbox, &draining) => ended,
        Err(error) = send_messages(&mut service, &mut outbox, &draining) => Err(error),
    }
}

/// Carries out the supervisor's messages, until it closes the channel.
async fn handle_messages(
    hub: &Arc<Hub>,
    web: &WebState,
    inbox: &mut Inbox<ToServe>,
    draining: &Notify,
) -> Result<Exit, ServeError> {
    loop {
        match inbox.recv().await {
            Ok(Some(ToServe::Host { name })) => web.set_public_host(name),
            Ok(Some(ToServe::Moved { url })) => hub.set_public_address(url),
            Ok(Some(ToServe::Sealed(message))) => hub.carry_out(message),
            Ok(Some(ToServe::Operator(RoomOrder::Panic))) => {
                web.end_at_once().await;
                return Ok(Exit::Ended);
            }
            Ok(Some(ToServe::Operator(order))) => hub.carry_out_order(order),
            Ok(Some(ToServe::Drain)) => {
                hub.close();
                draining.notify_one();
            }
            // A malformed message is ignored, as is a second start: the supervisor ends this process by
            // closing the channel.
            Ok(Some(ToServe::Start { .. })) | Err(FrameError::Malformed(_)) => {}
            Ok(None) => return Ok(Exit::Ended),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Sends the supervisor the notices of joins and leaves, or what the host of a sealed room has to learn;
/// none of the latter is lost. A supervisor that reads nothing for two seconds ends the session.
async fn send_messages(
    service: &mut RoomService,
    outbox: &mut Outbox<FromServe>,
    draining: &Notify,
) -> Result<Infallible, ServeError> {
    let hub = Arc::clone(&service.hub);
    // Kept across iterations: a new future per iteration would restart its wait for browsers with every
    // message and notice.
    let mut drained = None;
    loop {
        tokio::select! {
            Some(notice) = service.notices.recv() => outbox.send(&notice).await?,
            report = hub.next_report() => outbox.send(&FromServe::Operator(report)).await?,
            message = hub.next_to_host() => outbox.send(&FromServe::Sealed(message)).await?,
            () = draining.notified() => {
                drained.get_or_insert_with(|| Box::pin(hub.drained()));
            }
            () = completed(&mut drained) => {
                drained = None;
                // What happened before the end is reported first.
                while let Ok(notice) = service.notices.try_recv() {
                    outbox.send(&notice).await?;
                }
                while let Some(report) = hub.try_next_report() {
                    outbox.send(&FromServe::Operator(report)).await?;
                }
                while let Some(message) = hub.try_next_to_host() {
                    outbox.send(&FromServe::Sealed(message)).await?;
                }
                outbox.send(&FromServe::Drained).await?;
            }
        }
    }
}

/// Awaits the future; never returns if there is none.
async fn completed(future: &mut Option<Pin<Box<impl Future<Output = ()>>>>) {
    match future {
        Some(future) => future.await,
        None => pending().await,
    }
}
