//! How many bytes of answers are in memory because their readers have not taken them yet, and the bound upon them.
//!
//! An answer is made part by part, and a part counts from when it was made until the network has taken it. Nobody
//! knows how long a part becomes before it is made, so the bound is on beginning: in a turn of the engine, no part is
//! made while [`MAX_BYTES`] are waiting. What is over it is then at most what the turns make at a time.
//!
//! Readers that take nothing are cut off in time ([`crate::paced`]), so those who wait here do get their turn.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use runlog_core::{Engine, EngineError};
use tokio::sync::Notify;

use crate::engine::EngineHandle;

/// Waiting bytes at which no more are made.
const MAX_BYTES: usize = 64 << 20;

/// Waiting bytes from which on pages of the native API are short.
const SHORT_PAGES_BYTES: usize = 32 << 20;

/// The rows of a page of the native API, in bytes as [`runlog_core::Row::weight_bytes`] counts them; and of a short
/// one.
const PAGE_MAX_BYTES: usize = 16 << 20;
const SHORT_PAGE_MAX_BYTES: usize = 256 << 10;

/// The bytes that wait for their readers.
#[derive(Debug, Default)]
pub(crate) struct AnswerBytes {
    waiting: AtomicUsize,
    fewer: Notify,
}

/// Bytes that count for as long as they are in memory.
struct Counted {
    bytes: Bytes,
    ledger: Arc<AnswerBytes>,
}

impl AnswerBytes {
    /// Makes an answer or a part of one, in a turn of the engine, when there is room for it. What `make` returns is
    /// counted by it ([`AnswerBytes::count`]), so that the turn does not end before.
    ///
    /// # Errors
    /// As [`EngineHandle::ask`].
    pub(crate) async fn make<T: Send + 'static, E: From<EngineError> + Send + 'static>(
        self: &Arc<Self>,
        engine: &EngineHandle,
        make: impl FnOnce(&dyn Engine, &Arc<Self>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        let turn = loop {
            self.room().await;
            let turn = engine.turn().await;
            // Others may have filled the room while the turn was awaited.
            if self.has_room() {
                break turn;
            }
        };
        let ledger = Arc::clone(self);
        engine.ask_in(turn, move |engine| make(engine, &ledger)).await
    }

    /// Completes when there is room.
    async fn room(&self) {
        loop {
            // Registered before the look, so that no news is missed between them.
            let mut fewer = std::pin::pin!(self.fewer.notified());
            fewer.as_mut().enable();
            if self.has_room() {
                return;
            }
            fewer.await;
        }
    }

    fn has_room(&self) -> bool {
        self.waiting() < MAX_BYTES
    }

    /// The most bytes of rows that a page of the native API has at this moment.
    pub(crate) fn page_max_bytes(&self) -> usize {
        if self.waiting() < SHORT_PAGES_BYTES { PAGE_MAX_BYTES } else { SHORT_PAGE_MAX_BYTES }
    }

    /// The same bytes; they count until they are dropped.
    pub(crate) fn count(self: &Arc<Self>, bytes: Bytes) -> Bytes {
        self.waiting.fetch_add(bytes.len(), Ordering::Relaxed);
        Bytes::from_owner(Counted { bytes, ledger: Arc::clone(self) })
    }

    /// How many bytes wait.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.ledger.waiting.fetch_sub(self.bytes.len(), Ordering::Relaxed);
        self.ledger.fewer.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_makes_more_waits_until_readers_have_taken_some() {
        let ledger = Arc::new(AnswerBytes::default());
        ledger.room().await;
        assert_eq!(ledger.page_max_bytes(), PAGE_MAX_BYTES);
        let parts: Vec<Bytes> = (0..4).map(|_| ledger.count(vec![0; MAX_BYTES / 4].into())).collect();
        assert_eq!((ledger.waiting(), ledger.page_max_bytes()), (MAX_BYTES, SHORT_PAGE_MAX_BYTES));
        let waits = tokio::spawn({
            let ledger = Arc::clone(&ledger);
            async move { ledger.room().await }
        });
        tokio::task::yield_now().await;
        assert!(!waits.is_finished());
        // A part of a part keeps it in memory.
        let piece = parts[0].slice(..1);
        drop(parts);
        assert_eq!(ledger.waiting(), MAX_BYTES / 4);
        waits.await.unwrap();
        drop(piece);
        assert_eq!(ledger.waiting(), 0);
    }
}
