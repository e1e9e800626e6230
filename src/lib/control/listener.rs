//! `control.sock`: the socket over which scripts, `socat` and `chattrace-clean` control a session.
//!
//! One JSON object per line both ways. The session's folder has mode 0700 and the socket is created
//! with 0600. The user of the peer is checked as well, where the system reports it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use interprocess::local_socket::tokio::{Listener as Socket, Stream};
use interprocess::local_socket::traits::tokio::Listener as _;
use interprocess::local_socket::{GenericFilePath, ListenerOptions, ToFsName as _};
use interprocess::os::unix::local_socket::ListenerOptionsExt as _;
use tokio::io::{AsyncWriteExt as _, BufReader};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::timeout;

use super::frame::{self, FrameError};
use super::message::{Request, RequestBody, Response, ResponseBody};
use crate::terminal;

/// Clients served at once; further ones wait in the kernel's queue.
const MAX_CLIENTS: usize = 16;

/// A client that sends no request, or does not read its response, is disconnected after this long.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(30);

/// A request, and where its response goes.
pub(crate) type IncomingRequest = (RequestBody, oneshot::Sender<ResponseBody>);

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
        let permits = Arc::new(Semaphore::new(MAX_CLIENTS));
        while let Ok(permit) = Arc::clone(&permits).acquire_owned().await {
            if requests.is_closed() {
                return;
            }
            let Ok(stream) = self.socket.accept().await else {
                continue;
            };
            if !self.is_authorized(&stream) {
                continue;
            }
            let requests = requests.clone();
            tokio::spawn(async move {
                // An error here concerns this client only; the session goes on.
                let _ = serve_client(stream, requests).await;
                drop(permit);
            });
        }
    }

    fn is_authorized(&self, stream: &Stream) -> bool {
        use interprocess::local_socket::traits::StreamCommon as _;
        // Where the system does not report the user, the folder's mode protects the socket alone.
        let user = stream.peer_creds().ok().and_then(|creds| creds.euid());
        user.is_none_or(|user| user == 0 || user == self.user)
    }
}

async fn serve_client(
    stream: Stream,
    requests: mpsc::Sender<IncomingRequest>,
) -> Result<(), FrameError> {
    let mut stream = BufReader::new(stream);
    let mut buffer = Vec::new();
    loop {
        let Ok(read) =
            timeout(CLIENT_TIMEOUT, frame::read::<Request>(&mut stream, &mut buffer)).await
        else {
            return Ok(());
        };
        let response = match read {
            Ok(Some(request)) => match respond(request, &requests).await {
                Some(response) => response,
                None => return Ok(()),
            },
            Ok(None) => return Ok(()),
            Err(FrameError::Malformed(error)) => {
                // The error repeats the request, which may fill a whole frame and grows when it is
                // escaped; the response has to fit into a frame as well.
                let text = terminal::sanitize_line(&error.to_string());
                Response { id: 0, body: ResponseBody::Error { text } }
            }
            Err(error) => return Err(error),
        };
        let write = async {
            frame::write(stream.get_mut(), &response).await?;
            Ok::<(), FrameError>(stream.get_mut().flush().await?)
        };
        match timeout(CLIENT_TIMEOUT, write).await {
            Ok(written) => written?,
            Err(_) => return Ok(()),
        }
    }
}

/// The supervisor's response; `None` when the session is over.
async fn respond(request: Request, requests: &mpsc::Sender<IncomingRequest>) -> Option<Response> {
    let (sender, receiver) = oneshot::channel();
    requests.send((request.body, sender)).await.ok()?;
    Some(Response { id: request.id, body: receiver.await.ok()? })
}
