//! RAPI's socket.

mod body;
mod connection;
mod listen;

pub(crate) use connection::serve as serve_stream;
pub(crate) use listen::{bind, serve};
