//! `control.sock`: the socket over which `chattrace ctl`, scripts and `socat` control a session.
//!
//! One JSON object per line both ways. The session's folder has mode 0700 and the socket is created
//! with 0600. The user of the peer is checked as well, where the system reports it.

use std::path::Path;
use std::sync::Arc;

use interprocess::local_socket::tokio::{Listener as Socket, Stream};
use interprocess::local_socket::traits::tokio::Listener as _;
use interprocess::local_socket::{GenericFilePath, ListenerOptions, ToFsName as _};
use interprocess::os::unix::local_socket::ListenerOptionsExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::conversation::{self, IncomingRequest};

/// Clients served at once. Another one is told so, and disconnected.
const MAX_CLIENTS: usize = 8;

/// Clients that are being told so at once; further ones wait in the kernel's queue.
const MAX_REFUSALS: usize = 8;

/// The control socket of a session. It does not remove its path.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: Socket,
    user: u32,
}

impl Listener {
    /// Creates the socket at `path`, for `user` alone.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn bind(path: &Path, user: u32) -> std::io::Result<Self> {
        let name = path.to_fs_name::<GenericFilePath>()?;
        // The session's folder is removed with the path in it.
        let options = ListenerOptions::new().name(name).mode(0o600).reclaim_name(false);
        Ok(Self { socket: options.create_tokio()?, user })
    }

    /// Accepts clients and passes their requests on until the receiver of `requests` is dropped.
    pub(crate) async fn serve(self, requests: mpsc::Sender<IncomingRequest>) {
        let clients = Arc::new(Semaphore::new(MAX_CLIENTS));
        let refusals = Arc::new(Semaphore::new(MAX_REFUSALS));
        while let Ok(refusal) = Arc::clone(&refusals).acquire_owned().await {
            if requests.is_closed() {
                return;
            }
            let Ok(stream) = self.socket.accept().await else {
                continue;
            };
            if !self.is_authorized(&stream) {
                continue;
            }
            match Arc::clone(&clients).try_acquire_owned() {
                Ok(client) => spawn(client, conversation::serve(stream, requests.clone())),
                Err(_) => spawn(refusal, conversation::refuse(stream, MAX_CLIENTS)),
            }
        }
    }

    fn is_authorized(&self, stream: &Stream) -> bool {
        use interprocess::local_socket::traits::StreamCommon as _;
        // Where the system does not report the user, the folder's mode protects the socket alone.
        let user = stream.peer_creds().ok().and_then(|creds| creds.euid());
        user.is_none_or(|user| user == 0 || user == self.user)
    }
}

/// Runs `task`, and releases its place among those of its kind when it has ended.
fn spawn(permit: OwnedSemaphorePermit, task: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(async move {
        task.await;
        drop(permit);
    });
}
