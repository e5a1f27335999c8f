//! How the bytes get to an endpoint.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::Endpoint;
use crate::failure::Obstacle;

/// A stream of bytes to an endpoint: a socket, a tunnel, memory.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin + fmt::Debug {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + fmt::Debug> Stream for T {}

/// What [`Connector::connect`] returns.
pub type Connecting<'a> = Pin<Box<dyn Future<Output = io::Result<Box<dyn Stream>>> + Send + 'a>>;

/// Makes streams to endpoints where plain TCP does not lead there: through a proxy, a jump host or a tunnel, or within
/// one process in a test.
///
/// It carries bytes and decides nothing about trust: TLS is spoken over its streams, and the peer at their other end has
/// to prove that it holds the key of a trusted certificate, as over TCP.
pub trait Connector: Send + Sync + fmt::Debug {
    /// Opens a stream to a host (a name or an address without brackets) and a port. The client gives up after
    /// [`crate::Timeouts::connect`].
    ///
    /// # Errors
    /// Why there is none. Nothing was sent then, and the next endpoint is tried.
    fn connect<'a>(&'a self, host: &'a str, port: u16) -> Connecting<'a>;
}

/// A stream to an endpoint: the connector's, or plain TCP.
pub(super) async fn stream(
    connector: Option<&dyn Connector>,
    endpoint: &Endpoint,
) -> Result<Box<dyn Stream>, Obstacle> {
    match connector {
        Some(connector) => connector
            .connect(&endpoint.host, endpoint.port)
            .await
            .map_err(|error| Obstacle::Connect(error.to_string())),
        None => Ok(Box::new(tcp(endpoint).await?)),
    }
}

async fn tcp(endpoint: &Endpoint) -> Result<TcpStream, Obstacle> {
    let addresses: Vec<_> = tokio::net::lookup_host((endpoint.host.as_str(), endpoint.port))
        .await
        .map_err(|error| Obstacle::Name(error.to_string()))?
        .collect();
    let stream = TcpStream::connect(addresses.as_slice())
        .await
        .map_err(|error| Obstacle::Connect(error.to_string()))?;
    // Small requests should not wait for acknowledgements; where it cannot be set, they do.
    let _ = stream.set_nodelay(true);
    Ok(stream)
}
