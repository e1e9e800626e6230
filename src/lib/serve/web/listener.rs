//! Accepts TCP connections: a slot and a task for each.

use std::sync::Arc;
use std::time::Duration;

use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;

use super::connection::serve_connection;
use super::routes::routes;
use super::state::WebState;
use crate::serve::fanout;

/// Pause after accept(2) failed for want of descriptors, in which the evicted connection closes.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(5);

/// Connections that are accepted before other tasks are polled: half of the fewest that may be pending,
/// so that no connection is evicted before its task has read what the client already sent.
const ACCEPTS_PER_TURN: usize = 128;

/// Accepts connections and runs the fan-out. Dropping the future stops accepting; accepted connections
/// and the fan-out are tasks of their own, and go on.
pub(in crate::serve) async fn serve(listener: TcpListener, state: Arc<WebState>) {
    tokio::spawn(fanout::run(Arc::clone(&state.fan_out), Arc::clone(&state.hub)));
    let connections = Arc::clone(&state.connections);
    let routes = TowerToHyperService::new(routes(state));
    for accepted in 1_usize.. {
        match listener.accept().await {
            Ok((stream, _)) => {
                let (routes, slot) = (routes.clone(), connections.add());
                tokio::spawn(async move {
                    tokio::select! {
                        () = serve_connection(stream, routes, &slot) => {}
                        () = slot.evicted() => {}
                    }
                });
            }
            Err(_) => {
                connections.evict_one();
                tokio::time::sleep(ACCEPT_BACKOFF).await;
            }
        }
        if accepted.is_multiple_of(ACCEPTS_PER_TURN) {
            tokio::task::yield_now().await;
        }
    }
}
