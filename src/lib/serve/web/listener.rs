//! Accepting connections, with a bound on how long their headers take and how large they are; how many
//! there are is the business of `connections`.

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
use tokio::time::timeout;

use super::Web;
use super::connections::Place;
use super::poll::parked::{Client, Held, Shelf};
use crate::serve::fanout;

/// A request line and headers that take longer are not meant to arrive; the tunnel sends them at
/// once. Also ends what was opened ahead and is not used.
const HEADER_PATIENCE: Duration = Duration::from_secs(10);

/// A connection that does not become a socket carries one request: its head, its body, a poll that is
/// held, an answer that is taken as slowly as a socket's. Whoever needs longer holds a place for
/// nothing.
const WHOLE_PATIENCE: Duration = Duration::from_secs(70);

/// Largest request head. Browsers send below 2 KiB, the tunnel provider adds less than 2 KiB.
pub(super) const HEAD_BYTES: usize = 16 * 1024;

/// Pause after the system refused a connection for want of descriptors: one of the oldest ends
/// meanwhile.
const REFUSED_PAUSE: Duration = Duration::from_millis(5);

/// Connections that are accepted before those that were have their turn: half of the smallest number
/// that may be pending, so that none is cut before what it has already said was read.
const ACCEPTS: usize = 128;

/// Accepts connections for ever, and keeps everybody up to date. Dropping the future stops accepting;
/// what was accepted lives on.
pub(in crate::serve) async fn serve(listener: TcpListener, web: Arc<Web>) {
    tokio::spawn(fanout::run(Arc::clone(&web.fan_out), Arc::clone(&web.hub)));
    let connections = Arc::clone(&web.connections);
    let routes = TowerToHyperService::new(super::routes(web));
    for accepted in 1_usize.. {
        match listener.accept().await {
            Ok((stream, _)) => {
                let (routes, place) = (routes.clone(), connections.enter());
                tokio::spawn(async move {
                    tokio::select! {
                        () = connection(stream, routes, &place) => {}
                        () = place.cut() => {}
                    }
                });
            }
            Err(_) => {
                connections.cut_one();
                tokio::time::sleep(REFUSED_PAUSE).await;
            }
        }
        if accepted.is_multiple_of(ACCEPTS) {
            tokio::task::yield_now().await;
        }
    }
}

async fn connection(
    stream: TcpStream,
    routes: TowerToHyperService<axum::Router>,
    place: &Arc<Place>,
) {
    // A chat line must not wait for the acknowledgement of the one before (Nagle).
    let _ = stream.set_nodelay(true);
    let whole = async {
        // On the heap, and gone before a poll is held.
        if let Some((held, stream, client)) = Box::pin(http(stream, routes, place)).await {
            held.serve(stream, client, place).await;
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
    place: &Arc<Place>,
) -> Option<(Held, TcpStream, Client)> {
    let shelf = Shelf::default();
    let (offered, place) = (shelf.clone(), Arc::clone(place));
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(offered.clone());
        request.extensions_mut().insert(Arc::clone(&place));
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
