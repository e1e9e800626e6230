//! The room under a supervisor: takes its settings and messages from the control channel, reports joins
//! and leaves on it, and ends when the supervisor closes it.

use std::future::pending;
use std::os::fd::AsFd as _;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use tokio::net::TcpListener;

use super::confined::Confined;
use super::error::ServeError;
use super::service::RoomService;
use super::web::{HostPolicy, PublicHost};
use crate::control::{self, Admission, FrameError, FromServe, Inbox, Outbox, ToServe, VERSION};
use crate::exit::Exit;
use crate::process;

/// Serves until the supervisor closes the channel.
///
/// # Errors
/// When the channel breaks, no listener was passed, or a basic system call fails.
pub(super) async fn run(confined: Confined) -> Result<Exit, ServeError> {
    let (mut inbox, mut outbox) = control::from_stdin::<ToServe, FromServe>()?;
    outbox.send(&FromServe::Hello { version: VERSION.to_owned() }).await?;
    let Some(ToServe::Start { room, admission: Admission::Open { ticket } }) = inbox.recv().await?
    else {
        return Ok(Exit::Ended);
    };
    let listener = process::inherited_listener()?;
    let public_host = PublicHost::Named(Mutex::new(None));
    let mut service =
        RoomService::new(room, ticket, HostPolicy::new(listener.local_addr()?, public_host))?;
    let listener = TcpListener::from_std(listener)?;
    // From here on, accept(2) works on this one descriptor, and no copy of it can be made.
    let protection = confined.complete(listener.as_fd()).await;
    outbox.send(&FromServe::Ready { protection }).await?;
    tokio::select! {
        () = service.run(listener) => Ok(Exit::Ended),
        ended = handle_messages(&mut service, &mut inbox, &mut outbox) => ended,
    }
}

/// Carries out the supervisor's messages, and sends it the notices of joins and leaves.
async fn handle_messages(
    service: &mut RoomService,
    inbox: &mut Inbox<ToServe>,
    outbox: &mut Outbox<FromServe>,
) -> Result<Exit, ServeError> {
    let hub = Arc::clone(&service.hub);
    // Kept across iterations: a new future per iteration would restart its wait for browsers with every
    // message and notice.
    let mut drained = None;
    loop {
        tokio::select! {
            Some(notice) = service.notices.recv() => outbox.send(&notice).await?,
            message = inbox.recv() => match message {
                Ok(Some(ToServe::Host { name })) => service.web.set_public_host(name),
                Ok(Some(ToServe::Moved { url })) => hub.announce_url(url),
                Ok(Some(ToServe::Drain)) => {
                    hub.close();
                    drained.get_or_insert_with(|| Box::pin(hub.drained()));
                }
                // A malformed message is ignored, as is a second start: the supervisor ends this
                // process by closing the channel.
                Ok(Some(ToServe::Start { .. } | ToServe::Sealed(_))) | Err(FrameError::Malformed(_)) => {}
                Ok(None) => return Ok(Exit::Ended),
                Err(error) => return Err(error.into()),
            },
            () = completed(&mut drained) => {
                drained = None;
                // Joins and leaves from before the end are reported first.
                while let Ok(notice) = service.notices.try_recv() {
                    outbox.send(&notice).await?;
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
