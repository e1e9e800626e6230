//! Accepting connections, with a bound on how many, how long their headers take and how large
//! they are.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::hold::{Client, Held, Shelf};
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
    let whole = async {
        // On the heap, and gone before a poll is held.
        if let Some((held, stream, client)) = Box::pin(http(stream, routes)).await {
            held.serve(stream, client).await;
        }
    };
    // Whatever went wrong, it is the visitor's and says nothing to the operator.
    let _ = timeout(WHOLE_PATIENCE, whole).await;
}

/// Serves one request, up to the end of its connection; or until it is a poll to be held, which is
/// returned with the bare stream. A connection that becomes a socket is over here.
async fn http(
    stream: TcpStream,
    routes: TowerToHyperService<axum::Router>,
) -> Option<(Held, TcpStream, Client)> {
    let shelf = Shelf::default();
    let offered = shelf.clone();
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(offered.clone());
        routes.call(request)
    });
    let mut served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_PATIENCE)
        .max_buf_size(HEAD_BYTES)
        // Answers go out from where they are, and are not copied into a buffer first.
        .writev(true)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let held = poll_fn(|cx| {
        let over = Pin::new(&mut served).poll(cx).map(|_| None);
        shelf.take().map_or(over, |held| Poll::Ready(Some(held)))
    });
    let held = held.await?;
    let parts = served.into_parts()?;
    let client = if parts.read_buf.is_empty() { Client::Done } else { Client::Talks };
    Some((held, parts.io.into_inner(), client))
}
