//! The room under a supervisor: settings in, events out, and an end with the lifeline.

use std::os::fd::AsFd as _;
use std::sync::{Arc, Mutex};

use tokio::net::TcpListener;

use super::confined::Confined;
use super::web::{Door, Public};
use super::{ServeError, Service};
use crate::control::{self, FrameError, FromServe, Inbox, Outbox, ToServe, VERSION};
use crate::exit::Exit;
use crate::process;

/// What the supervisor let go of: its end of the lifeline.
const GONE: Exit = Exit::Ended;

/// Serves until the supervisor says otherwise, or is gone.
pub(super) async fn run(confined: Confined) -> Result<Exit, ServeError> {
    let (mut inbox, mut outbox) = control::adopt::<ToServe, FromServe>()?;
    outbox.send(&FromServe::Hello { version: VERSION.to_owned() }).await?;
    let Some(ToServe::Start { room, ticket }) = inbox.recv().await? else {
        return Ok(GONE);
    };
    let listener = process::handed_listener()?;
    let door = Door::new(listener.local_addr()?, Public::Named(Mutex::new(None)));
    let mut service = Service::new(room, ticket, door)?;
    let listener = TcpListener::from_std(listener)?;
    // Our own descriptor for the listener, and no way left to make another one.
    let protection = confined.complete(listener.as_fd()).await;
    outbox.send(&FromServe::Ready { protection }).await?;
    tokio::select! {
        () = super::web::serve(listener, Arc::clone(&service.web)) => Ok(GONE),
        () = super::keep_time(Arc::clone(&service.hub)) => Ok(GONE),
        ended = converse(&mut service, &mut inbox, &mut outbox) => ended,
    }
}

async fn converse(
    service: &mut Service,
    inbox: &mut Inbox<ToServe>,
    outbox: &mut Outbox<FromServe>,
) -> Result<Exit, ServeError> {
    let mut draining = false;
    loop {
        tokio::select! {
            Some(notice) = service.notices.recv() => outbox.send(&notice).await?,
            order = inbox.recv() => match order {
                Ok(Some(ToServe::Host { name })) => service.web.door().rename(name),
                Ok(Some(ToServe::Moved { url })) => service.hub.announce_url(url),
                Ok(Some(ToServe::Drain)) => {
                    service.hub.close();
                    draining = true;
                }
                // Garbage of a peer is not worth the conversation; a second start is garbage.
                Ok(Some(ToServe::Start { .. })) | Err(FrameError::NotUnderstood(_)) => {}
                Ok(None) => return Ok(GONE),
                Err(error) => return Err(error.into()),
            },
            () = service.hub.drained(), if draining => {
                draining = false;
                // Those who came before the end are told of before it: none comes after it.
                while let Ok(notice) = service.notices.try_recv() {
                    outbox.send(&notice).await?;
                }
                outbox.send(&FromServe::Drained).await?;
            }
        }
    }
}
