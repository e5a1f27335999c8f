//! RAPI's socket.

mod body;
mod connection;
mod listen;

pub(crate) use listen::{bind, serve};
