//! Puts the room and HTTP together, the same with and without a supervisor.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::error::ServeError;
use super::hub::Hub;
use super::web::{self, HostPolicy, WebState};
use crate::config::RoomSettings;
use crate::control::{Admission, FromServe, RoomRules};
use crate::token::Token;

/// A room that is ready to be served.
pub(super) struct RoomService {
    /// The room, which the caller closes and drains.
    pub(super) hub: Arc<Hub>,
    /// Takes the public host name when a tunnel has one.
    pub(super) web: Arc<WebState>,
    /// Joins and leaves. When the channel is full, later ones are dropped.
    pub(super) notices: mpsc::Receiver<FromServe>,
}

impl RoomService {
    /// An empty room, not yet served.
    ///
    /// # Errors
    /// When the kernel has no random numbers.
    pub(super) fn new(
        room: RoomSettings,
        admission: Admission,
        rules: RoomRules,
        host_policy: HostPolicy,
    ) -> Result<Self, ServeError> {
        let (hub, notices) = match admission {
            Admission::Open { ticket } => Hub::open(&room, ticket, &Token::generate()?, rules),
            Admission::Sealed { door, epoch } => Hub::sealed(&room, door, &epoch, rules),
        };
        let hub = Arc::new(hub);
        let web = Arc::new(WebState::new(Arc::clone(&hub), host_policy, room));
        Ok(Self { hub, web, notices })
    }

    /// Accepts connections and expires messages and seats, until the future is dropped.
    pub(super) fn run(&self, listener: TcpListener) -> impl Future<Output = ()> + use<> {
        let serving = web::serve(listener, Arc::clone(&self.web));
        let ticking = tick_every_second(Arc::clone(&self.hub));
        let hub = Arc::clone(&self.hub);
        async move {
            tokio::select! { () = serving => {}, () = ticking => {}, () = hub.expire_knocks() => {} }
        }
    }
}

async fn tick_every_second(hub: Arc<Hub>) {
    let mut interval = tokio::time::interval(Duration::from_secs(1));
    loop {
        interval.tick().await;
        hub.tick();
    }
}
