//! Accepting connections.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::connection;
use crate::Error;
use crate::shared::Shared;

/// Pause before an address that was given up for a while is asked for again.
const REBIND_EVERY: Duration = Duration::from_millis(20);

/// Takes the address at once, so that a client may connect as soon as the simulator is started.
pub(crate) fn bind(address: SocketAddr) -> Result<(std::net::TcpListener, SocketAddr), Error> {
    let bound = std::net::TcpListener::bind(address).and_then(|listener| {
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    });
    bound.map_err(|source| Error::Listen { address, source })
}

/// Serves connections until the task ends. While connections are refused, nothing listens.
pub(crate) async fn serve(shared: Arc<Shared>, listener: std::net::TcpListener, address: SocketAddr) {
    let Ok(mut listener) = TcpListener::from_std(listener) else { return };
    let mut refusing = shared.refusing();
    let places = Arc::new(Semaphore::new(shared.options.max_clients.max(1)));
    // Dropped with this task, and all connections with it.
    let mut connections = JoinSet::new();
    loop {
        if *refusing.borrow_and_update() {
            drop(listener);
            connections.abort_all();
            if refusing.wait_for(|refuses| !refuses).await.is_err() {
                return;
            }
            listener = rebind(address).await;
        }
        while connections.try_join_next().is_some() {}
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        tokio::select! {
            accepted = listener.accept() => {
                // A connection that is gone before it was accepted is the client's affair.
                if let Ok((stream, _)) = accepted {
                    // An answer is written in one piece; waiting for more would only delay it.
                    let _ = stream.set_nodelay(true);
                    let shared = Arc::clone(&shared);
                    connections.spawn(async move {
                        connection::serve(shared, 0, stream).await;
                        drop(place);
                    });
                }
            }
            _ = refusing.changed() => refusing.mark_changed(),
        }
    }
}

async fn rebind(address: SocketAddr) -> TcpListener {
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => return listener,
            Err(_) => tokio::time::sleep(REBIND_EVERY).await,
        }
    }
}
