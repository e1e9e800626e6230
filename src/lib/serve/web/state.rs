//! The state that all routes share.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::connections::{Connections, SPARE_CONNECTIONS};
use super::host_policy::HostPolicy;
use super::page::Page;
use super::ws::CloseCode;
use crate::config::RoomSettings;
use crate::serve::fanout::FanOut;
use crate::serve::hub::Hub;
use crate::wire;

/// Longest wait for the answers after the operator's order to end everything at once. A client that has
/// none by then sees its connection end.
const PANIC_TIMEOUT: Duration = Duration::from_millis(100);

/// One room and everything that serves it.
#[derive(Debug)]
pub(in crate::serve) struct WebState {
    pub(super) hub: Arc<Hub>,
    /// Writes to the sockets of all participants.
    pub(super) fan_out: Arc<FanOut>,
    pub(super) host_policy: HostPolicy,
    pub(super) page: Page,
    /// The operator's settings, for the bound of a message.
    pub(super) room: RoomSettings,
    /// Bounds the pending and closing connections.
    pub(super) connections: Arc<Connections>,
}

impl WebState {
    /// Chooses the page; no socket and no connection yet.
    pub(in crate::serve) fn new(
        hub: Arc<Hub>,
        host_policy: HostPolicy,
        room: RoomSettings,
    ) -> Self {
        let page = Page::of(&room);
        let connections = Arc::new(Connections::new(room.max_participants + SPARE_CONNECTIONS));
        let fan_out = Arc::default();
        Self { hub, fan_out, host_policy, page, room, connections }
    }

    /// Ends the session for all clients at once. Each socket gets its last line and the close frame in one
    /// write. Polls, and sockets that were being written to, are answered by their tasks: returns when all
    /// are, after [`PANIC_TIMEOUT`] at the latest. No client is waited for once the kernel has its answer. The
    /// caller exits.
    pub(in crate::serve) async fn end_at_once(&self) {
        self.hub.close();
        self.fan_out.close_all(vec![wire::end_line().into()], CloseCode::SessionEnded as u16);
        let _ = timeout(PANIC_TIMEOUT, self.connections.all_answered()).await;
    }

    /// Sets the public host name; see [`HostPolicy::set_public_host`].
    pub(in crate::serve) fn set_public_host(&self, name: Option<String>) {
        self.host_policy.set_public_host(name);
    }
}
