//! Bodies of answers: whole, or a stream that is written while it is sent.
//!
//! A stream says when it is whole. One whose writer goes away before that ends in an error, which breaks the
//! connection; so an answer that was cut short can never be taken for a whole one.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::mpsc;

/// Parts that wait for the network, besides the one that it has. Each is bounded by its maker.
const PARTS_QUEUED: usize = 1;

/// The body of an answer.
#[derive(Debug)]
pub(crate) enum AnswerBody {
    /// All there is.
    Whole(Full<Bytes>),
    /// What a [`Writer`] sends; `true` once it has said that this was all.
    Stream(mpsc::Receiver<Part>, bool),
}

/// A part of a stream.
#[derive(Debug)]
pub(crate) enum Part {
    /// Bytes.
    Bytes(Bytes),
    /// Nothing follows: the answer is whole.
    End,
}

/// Why a stream broke off.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the answer was cut short")]
pub(crate) struct CutShort;

/// Where a stream is written to.
pub(crate) struct Writer(mpsc::Sender<Part>);

/// Room for one part.
pub(crate) struct Slot<'a>(mpsc::Permit<'a, Part>);

/// That nobody reads any more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gone;

/// A stream, and where to write it.
pub(crate) fn stream() -> (Writer, AnswerBody) {
    let (sender, receiver) = mpsc::channel(PARTS_QUEUED);
    (Writer(sender), AnswerBody::Stream(receiver, false))
}

impl Writer {
    /// Sends bytes, when the reader has room for them.
    pub(crate) async fn write(&self, bytes: Bytes) -> Result<(), Gone> {
        if bytes.is_empty() { Ok(()) } else { self.0.send(Part::Bytes(bytes)).await.map_err(|_| Gone) }
    }

    /// Says that this was all.
    pub(crate) async fn end(self) {
        // A reader that has gone does not need to know.
        let _ = self.0.send(Part::End).await;
    }

    /// Waits until the reader has room for a part, before it is made.
    pub(crate) async fn slot(&self) -> Result<Slot<'_>, Gone> {
        self.0.reserve().await.map(Slot).map_err(|_| Gone)
    }

    /// Completes when nobody reads any more.
    pub(crate) async fn gone(&self) {
        self.0.closed().await;
    }
}

impl Slot<'_> {
    /// Sends bytes.
    pub(crate) fn write(self, bytes: Bytes) {
        if !bytes.is_empty() {
            self.0.send(Part::Bytes(bytes));
        }
    }

    /// Says that this was all.
    pub(crate) fn end(self) {
        self.0.send(Part::End);
    }
}

impl From<Bytes> for AnswerBody {
    fn from(bytes: Bytes) -> Self {
        Self::Whole(Full::new(bytes))
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = CutShort;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, CutShort>>> {
        match &mut *self {
            Self::Whole(body) => {
                Pin::new(body).poll_frame(context).map(|frame| frame.map(|frame| frame.map_err(|never| match never {})))
            }
            Self::Stream(_, true) => Poll::Ready(None),
            Self::Stream(parts, is_whole) => parts.poll_recv(context).map(|part| match part {
                Some(Part::Bytes(bytes)) => Some(Ok(Frame::data(bytes))),
                Some(Part::End) => {
                    *is_whole = true;
                    None
                }
                None => Some(Err(CutShort)),
            }),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(body) => body.is_end_stream(),
            Self::Stream(_, is_whole) => *is_whole,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => body.size_hint(),
            Self::Stream(..) => SizeHint::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn a_stream_is_whole_only_when_its_writer_says_so() {
        let (writer, body) = stream();
        tokio::spawn(async move {
            writer.write(Bytes::from_static(b"a")).await.unwrap();
            writer.write(Bytes::from_static(b"b")).await.unwrap();
            writer.end().await;
        });
        assert_eq!(body.collect().await.unwrap().to_bytes(), "ab");

        let (writer, body) = stream();
        tokio::spawn(async move { writer.write(Bytes::from_static(b"a")).await.unwrap() });
        assert!(body.collect().await.is_err(), "the writer went away without a word");
    }
}
