//! Wakes tails: one task waits at the engine for all of them.
//!
//! A tail costs no thread while nothing comes. When something does, all are told at once, and not again before each
//! has had time to read: the more there are, the longer, so that many tails leave the machine to writers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, watch};

use crate::clock;
use crate::engine::EngineHandle;

/// How long the task waits at the engine at a time; the server's stop waits for it that long.
const WAIT: Duration = Duration::from_millis(250);

/// The pause between two calls, for each tail there is: a thousand tails read ten times a second each.
const PACE: Duration = Duration::from_micros(100);

/// The pause after an error of the engine.
const ERROR_PAUSE: Duration = Duration::from_secs(1);

/// Those who want to know when something was accepted.
pub(crate) struct Followers {
    last_seq: watch::Sender<u64>,
    count: AtomicU32,
    first_came: Notify,
}

/// One of them. It counts as long as it lives.
pub(crate) struct Follower {
    /// The last sequence number that was announced. More may be readable already.
    pub(crate) last_seq: watch::Receiver<u64>,
    followers: Arc<Followers>,
}

impl Followers {
    pub(crate) fn new() -> Self {
        Self { last_seq: watch::Sender::new(0), count: AtomicU32::new(0), first_came: Notify::new() }
    }

    /// One more who is told.
    pub(crate) fn join(self: &Arc<Self>) -> Follower {
        if self.count.fetch_add(1, Ordering::Relaxed) == 0 {
            self.first_came.notify_one();
        }
        Follower { last_seq: self.last_seq.subscribe(), followers: Arc::clone(self) }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.followers.count.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Waits for all followers, for as long as the server runs.
pub(crate) async fn wake(followers: Arc<Followers>, engine: EngineHandle) {
    loop {
        let count = followers.count.load(Ordering::Relaxed);
        if count == 0 {
            followers.first_came.notified().await;
            continue;
        }
        let known = *followers.last_seq.borrow();
        let started = clock::monotonic();
        let waited = engine.begin(move |engine| engine.wait_past(known, WAIT)).await;
        match waited {
            Ok(Ok(last)) if last > known => {
                followers.last_seq.send_replace(last);
                tokio::time::sleep((PACE * count).saturating_sub(started.elapsed())).await;
            }
            Ok(Ok(_)) => {}
            Ok(Err(error)) => {
                tracing::error!(%error, "tails could not be woken");
                tokio::time::sleep(ERROR_PAUSE).await;
            }
            Err(panic) => {
                tracing::error!(%panic, "tails could not be woken");
                tokio::time::sleep(ERROR_PAUSE).await;
            }
        }
    }
}
