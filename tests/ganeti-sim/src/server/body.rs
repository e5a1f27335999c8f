//! Bodies of answers, whole or cut short.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// The body of an answer.
#[derive(Debug)]
pub(super) struct Payload {
    bytes: Option<Bytes>,
    /// What the header promises.
    length: u64,
}

impl Payload {
    pub fn whole(bytes: Vec<u8>) -> Self {
        Self { length: bytes.len() as u64, bytes: Some(bytes.into()) }
    }

    /// Promises everything and ends early.
    pub fn cut(bytes: Vec<u8>, after: usize) -> Self {
        let length = bytes.len() as u64;
        let all = Bytes::from(bytes);
        Self { length, bytes: Some(all.slice(..after.min(all.len().saturating_sub(1)))) }
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.bytes.take().filter(|bytes| !bytes.is_empty()).map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none() && self.length == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}
