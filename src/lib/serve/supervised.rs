//! The room under a supervisor, which controls it over a channel and ends it by closing that.

use std::future::pending;
use std::os::fd::AsFd as _;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use tokio::net::TcpListener;

use super::confined::Confined;
use super::error::ServeError;
use super::service::Service;
use super::web::{HostPolicy, PublicHost};
use crate::control::{self, FrameError, FromServe, Inbox, Outbox, ToServe, VERSION};
use crate::exit::Exit;
use crate::process;

/// Serves until the supervisor closes the channel.
pub(super) async fn run(confined: Confined) -> Result<Exit, ServeError> {
    let (mut inbox, mut outbox) = control::from_stdin::<ToServe, FromServe>()?;
    outbox.send(&FromServe::Hello { version: VERSION.to_owned() }).await?;
    let Some(ToServe::Start { room, ticket }) = inbox.recv().await? else {
        return Ok(Exit::Ended);
    };
    let listener = process::inherited_listener()?;
    let public_host = PublicHost::Named(Mutex::new(None));
    let mut service =
        Service::new(room, ticket, HostPolicy::new(listener.local_addr()?, public_host))?;
    let listener = TcpListener::from_std(listener)?;
    // From here on, accept(2) works on this one descriptor, and no copy of it can be made.
    let protection = confined.complete(listener.as_fd()).await;
    outbox.send(&FromServe::Ready { protection }).await?;
    tokio::select! {
        () = service.run(listener) => Ok(Exit::Ended),
        ended = handle_messages(&mut service, &mut inbox, &mut outbox) => ended,
    }
}

/// Carries out the supervisor's messages, and sends it the room's notices.
async fn handle_messages(
    service: &mut Service,
    inbox: &mut Inbox<ToServe>,
    outbox: &mut Outbox<FromServe>,
) -> Result<Exit, ServeError> {
    let hub = Arc::clone(&service.hub);
    // One future from the start of draining to its end: made anew for each message, it would begin to
    // wait for browsers anew with each participant who leaves.
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
                // A message that makes no sense is ignored, as is a second start: the supervisor ends us
                // by closing the channel.
                Ok(Some(ToServe::Start { .. })) | Err(FrameError::Malformed(_)) => {}
                Ok(None) => return Ok(Exit::Ended),
                Err(error) => return Err(error.into()),
            },
            () = completed(&mut drained) => {
                drained = None;
                // Joins and leaves before the end are reported before it.
                while let Ok(notice) = service.notices.try_recv() {
                    outbox.send(&notice).await?;
                }
                outbox.send(&FromServe::Drained).await?;
            }
        }
    }
}

/// Returns when the future has completed; never, if there is none.
async fn completed(future: &mut Option<Pin<Box<impl Future<Output = ()>>>>) {
    match future {
        Some(future) => future.await,
        None => pending().await,
    }
}
