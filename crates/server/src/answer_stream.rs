//! Answers that are made part by part while they are sent, with the memory of a few parts however long they are.
//!
//! A part is made on a blocking thread, in a turn of the engine that ends before the part is sent. The next one is made
//! when its reader has room for it and the parts of all answers leave some ([`crate::answer_bytes`]). A failure in the
//! middle leaves the stream without its end, so the connection breaks and the reader knows.

use std::sync::Arc;

use bytes::Bytes;
use runlog_core::{Engine, EngineError};

use crate::answer_body::{self, AnswerBody, Writer};
use crate::answer_bytes::AnswerBytes;
use crate::engine::EngineHandle;

/// Makes the parts of an answer.
pub(crate) trait Parts: Send + 'static {
    /// The next part, which may be empty; `None` when the answer is complete.
    ///
    /// # Errors
    /// The engine's. No part is asked for after one.
    fn next(&mut self, engine: &dyn Engine) -> Result<Option<Bytes>, EngineError>;

    /// Why the answer ends too early, where its form has words for that.
    fn last_words(&mut self, error: &EngineError) -> Option<Bytes> {
        let _ = error;
        None
    }
}

/// What became of an answer.
#[derive(Debug)]
pub(crate) enum Sent {
    /// Its reader has all of it.
    Whole,
    /// Its reader went away, or took nothing for too long.
    Left,
    /// The engine failed.
    Failed(EngineError),
}

/// A body of a `first` part, which may be empty, and those made by `parts`. `done` is told how many bytes were made and
/// what became of them.
pub(crate) fn begin(
    engine: EngineHandle,
    ledger: Arc<AnswerBytes>,
    first: Bytes,
    parts: impl Parts,
    done: impl FnOnce(u64, Sent) + Send + 'static,
) -> AnswerBody {
    let (writer, body) = answer_body::stream();
    tokio::spawn(async move {
        let mut made_bytes = first.len() as u64;
        // A reader that has gone is noticed with the next part.
        let _ = writer.write(first).await;
        let sent = send(&engine, &ledger, parts, writer, &mut made_bytes).await;
        done(made_bytes, sent);
    });
    body
}

async fn send(
    engine: &EngineHandle,
    ledger: &Arc<AnswerBytes>,
    mut parts: impl Parts,
    writer: Writer,
    made_bytes: &mut u64,
) -> Sent {
    loop {
        let Ok(slot) = writer.slot().await else { return Sent::Left };
        let made = ledger.make(engine, move |engine, ledger| {
            let part = parts.next(engine).map(|part| part.map(|part| ledger.count(part)));
            let last_words = part.as_ref().err().and_then(|error| parts.last_words(error));
            Ok::<_, EngineError>((parts, part, last_words))
        });
        let made = tokio::select! {
            made = made => made,
            () = writer.gone() => return Sent::Left,
        };
        let (part, last_words);
        (parts, part, last_words) = match made {
            Ok(made) => made,
            Err(error) => return Sent::Failed(error),
        };
        match part {
            Ok(Some(part)) => {
                *made_bytes += part.len() as u64;
                slot.write(part);
            }
            Ok(None) => {
                slot.end();
                return Sent::Whole;
            }
            Err(error) => {
                if let Some(words) = last_words {
                    slot.write(words);
                }
                return Sent::Failed(error);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use runlog_core::NaiveEngine;
    use tokio::sync::oneshot;

    use super::*;
    use crate::answer_body::CutShort;

    /// Parts of one byte, the last one perhaps an error.
    struct Letters {
        left: &'static [u8],
        fails: bool,
    }

    impl Parts for Letters {
        fn next(&mut self, _: &dyn Engine) -> Result<Option<Bytes>, EngineError> {
            match self.left.split_first() {
                Some((first, rest)) => {
                    self.left = rest;
                    Ok(Some(Bytes::copy_from_slice(&[*first])))
                }
                None if self.fails => Err(EngineError::engine("the disk is gone")),
                None => Ok(None),
            }
        }

        fn last_words(&mut self, error: &EngineError) -> Option<Bytes> {
            Some(error.message.clone().into())
        }
    }

    fn begin_letters(fails: bool) -> (AnswerBody, oneshot::Receiver<(u64, Sent)>) {
        let engine = EngineHandle::new(Arc::new(NaiveEngine::new(|| 0)), 1);
        let (done, sent) = oneshot::channel();
        let parts = Letters { left: b"abc", fails };
        (
            begin(engine, Arc::default(), Bytes::from_static(b"> "), parts, move |bytes, what| {
                drop(done.send((bytes, what)));
            }),
            sent,
        )
    }

    #[tokio::test]
    async fn parts_in_their_order_and_the_end() {
        let (body, sent) = begin_letters(false);
        assert_eq!(body.collect().await.unwrap().to_bytes(), "> abc");
        assert!(matches!(sent.await, Ok((5, Sent::Whole))));
    }

    #[tokio::test]
    async fn a_failure_in_the_middle_has_no_end() {
        let (mut body, sent) = begin_letters(true);
        let mut text = Vec::new();
        let end = loop {
            match body.frame().await {
                Some(Ok(frame)) => text.extend_from_slice(&frame.into_data().unwrap()),
                end => break end,
            }
        };
        assert!(matches!(end, Some(Err(CutShort))));
        assert_eq!(text, b"> abcthe disk is gone");
        assert!(matches!(sent.await, Ok((5, Sent::Failed(_)))));
    }

    #[tokio::test]
    async fn nothing_more_is_made_for_a_reader_that_has_gone() {
        let (mut body, sent) = begin_letters(false);
        body.frame().await.unwrap().unwrap();
        drop(body);
        assert!(matches!(sent.await, Ok((_, Sent::Left))));
    }
}
