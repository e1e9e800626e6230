//! `control.sock`: the session as seen from outside, by scripts, `socat` and `chattrace-clean`.
//!
//! One JSON object per line both ways. The folder is 0700 and the socket 0600 before it exists,
//! and the user of the other side is checked; on some systems the folder alone protects it.

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

/// Programs that may be connected at once; further ones wait to be accepted.
const CLIENTS: usize = 16;

/// A client that neither asks nor takes its answer for this long is cut off.
const PATIENCE: Duration = Duration::from_secs(30);

/// A question from outside, and where its answer goes.
pub(crate) type IncomingRequest = (RequestBody, oneshot::Sender<ResponseBody>);

/// The control socket of a session.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: Socket,
    user: u32,
}

impl Listener {
    /// Makes the socket at `path` for `user` alone.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn bind(path: &Path, user: u32) -> std::io::Result<Self> {
        let name = path.to_fs_name::<GenericFilePath>()?;
        // Its name is removed with the session's folder, by the rules for everything in there.
        let options = ListenerOptions::new().name(name).mode(0o600).reclaim_name(false);
        Ok(Self { socket: options.create_tokio()?, user })
    }

    /// Answers whoever may ask, for as long as `requests` is listened to.
    pub(crate) async fn serve(self, requests: mpsc::Sender<IncomingRequest>) {
        let places = Arc::new(Semaphore::new(CLIENTS));
        while let Ok(place) = Arc::clone(&places).acquire_owned().await {
            if requests.is_closed() {
                return;
            }
            let Ok(stream) = self.socket.accept().await else {
                continue;
            };
            if !self.may_ask(&stream) {
                continue;
            }
            let requests = requests.clone();
            tokio::spawn(async move {
                // Whatever went wrong is the other side's; the session goes on.
                let _ = converse(stream, requests).await;
                drop(place);
            });
        }
    }

    fn may_ask(&self, stream: &Stream) -> bool {
        use interprocess::local_socket::traits::StreamCommon as _;
        // Not told by this system: then the folder has already kept everybody else out.
        let user = stream.peer_creds().ok().and_then(|creds| creds.euid());
        user.is_none_or(|user| user == 0 || user == self.user)
    }
}

async fn converse(
    stream: Stream,
    requests: mpsc::Sender<IncomingRequest>,
) -> Result<(), FrameError> {
    let mut stream = BufReader::new(stream);
    let mut buffer = Vec::new();
    loop {
        let Ok(read) = timeout(PATIENCE, frame::read::<Request>(&mut stream, &mut buffer)).await
        else {
            return Ok(());
        };
        let answer = match read {
            Ok(Some(request)) => {
                let (sender, receiver) = oneshot::channel();
                let asked = requests.send((request.body, sender)).await.is_ok();
                match receiver.await {
                    Ok(body) if asked => Response { id: request.id, body },
                    Ok(_) | Err(_) => return Ok(()),
                }
            }
            Ok(None) => return Ok(()),
            Err(FrameError::NotUnderstood(error)) => {
                // It repeats the request, which may be as long as a line may be, and longer when it is
                // escaped: the answer has to fit into a line as well.
                let text = terminal::sanitize_line(&error.to_string());
                Response { id: 0, body: ResponseBody::Error { text } }
            }
            Err(error) => return Err(error),
        };
        let write = async {
            frame::write(stream.get_mut(), &answer).await?;
            Ok::<(), FrameError>(stream.get_mut().flush().await?)
        };
        match timeout(PATIENCE, write).await {
            Ok(written) => written?,
            Err(_) => return Ok(()),
        }
    }
}
