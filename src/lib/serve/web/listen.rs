//! Accepting connections, with a bound on how many, how long their headers take and how large
//! they are.

use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::{SPARE, Web, fanout};

/// A request line and headers that take longer are not meant to arrive; the tunnel sends them at
/// once. Also ends what was opened ahead and is not used.
const HEADER_PATIENCE: Duration = Duration::from_secs(10);

/// A connection that does not become a socket carries one request: its head, its body, a poll that is
/// held, an answer that is taken as slowly as a socket's. Whoever needs longer holds a place for
/// nothing.
const WHOLE_PATIENCE: Duration = Duration::from_secs(70);

/// Largest request head. Browsers send below 2 KiB, the tunnel provider adds less than 2 KiB.
pub(super) const HEAD_BYTES: usize = 16 * 1024;

/// Pause after the system refused a connection for want of descriptors: others end meanwhile.
const REFUSED_PAUSE: Duration = Duration::from_millis(50);

/// Accepts connections for ever, and keeps everybody up to date. Dropping the future stops accepting;
/// what was accepted lives on.
pub(in crate::serve) async fn serve(listener: TcpListener, web: Arc<Web>) {
    // At the bound, new connections wait in the listen queue until one ends. Sockets are counted
    // apart, see `websocket`.
    let places = Arc::new(Semaphore::new(web.room.max_participants + SPARE));
    tokio::spawn(fanout::run(Arc::clone(&web.fan_out), Arc::clone(&web.hub)));
    let routes = TowerToHyperService::new(super::routes(web));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        match listener.accept().await {
            Ok((stream, _)) => {
                let routes = routes.clone();
                tokio::spawn(async move {
                    connection(stream, routes).await;
                    drop(place);
                });
            }
            Err(_) => tokio::time::sleep(REFUSED_PAUSE).await,
        }
    }
}

async fn connection(stream: TcpStream, routes: TowerToHyperService<axum::Router>) {
    // A chat line must not wait for the acknowledgement of the one before (Nagle).
    let _ = stream.set_nodelay(true);
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_PATIENCE)
        .max_buf_size(HEAD_BYTES)
        // Answers go out from where they are, and are not copied into a buffer first.
        .writev(true)
        .serve_connection(TokioIo::new(stream), routes)
        .with_upgrades();
    let served = timeout(WHOLE_PATIENCE, served).await;
    // Whatever went wrong, it is the visitor's and says nothing to the operator.
    drop(served);
}
