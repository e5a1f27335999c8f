//! The wire: trust, TLS, one exchange per connection.

mod ascii;
mod connect;
mod endpoint;
mod exchange;
mod html;
mod pin;
mod request;
mod spare;
mod tls;

pub(crate) use ascii::to_ascii_json;
pub use connect::{Connecting, Connector, Stream};
pub(crate) use endpoint::Endpoint;
pub(crate) use exchange::{Broken, Reply, Route, exchange, open};
pub(crate) use html::unescape;
pub use pin::{Pin, PinError};
pub(crate) use request::{Headers, Request, check_name};
pub(crate) use spare::Spares;
pub use tls::Trust;
pub(crate) use tls::client_config;
