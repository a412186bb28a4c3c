//! Tells followers that something was accepted, and that the store closes.
//!
//! Writers leave a number here and wake those that wait, nothing more: how fast a follower reads is its own business.

use std::sync::Condvar;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::locks::{Mutex, MutexGuard, Rank, ReadGuard, RwLock};
use crate::options::{TAIL_PACE, TAIL_SUBSCRIBERS_MAX};

/// What followers wait for.
#[derive(Debug)]
pub(crate) struct Signal {
    told: Mutex<Told>,
    changed: Condvar,
    /// Held while a follower reads, so that closing can wait until nobody does.
    gate: RwLock<()>,
}

#[derive(Debug, Default)]
struct Told {
    last_seq: u64,
    is_closed: bool,
    waiting: usize,
    subscribers: u32,
}

impl Signal {
    /// Everything up to a sequence number is there when the store opens.
    pub(crate) fn after(last_seq: u64) -> Self {
        let told = Told { last_seq, ..Told::default() };
        let (told, gate) = (Mutex::new(Rank::Signal, told), RwLock::new(Rank::Gate, ()));
        Self { told, changed: Condvar::new(), gate }
    }

    /// Everything up to a sequence number can be read now.
    pub(crate) fn tell(&self, last_seq: u64) {
        let mut told = self.told();
        told.last_seq = last_seq;
        if told.waiting > 0 {
            self.changed.notify_all();
        }
    }

    /// Waits until something after a sequence number can be read; false when the time is over before that.
    pub(crate) fn wait_past(&self, seq: u64, timeout: Duration) -> Result<bool> {
        let mut told = self.told();
        if told.last_seq <= seq && !told.is_closed {
            told.waiting += 1;
            let nothing_new = |told: &mut Told| told.last_seq <= seq && !told.is_closed;
            told = told.wait_timeout_while(&self.changed, timeout, nothing_new);
            told.waiting = told.waiting.saturating_sub(1);
            let pace = TAIL_PACE.saturating_mul(told.subscribers);
            if told.last_seq > seq && !told.is_closed {
                drop(told);
                // Many followers take turns longer and read more at once, so that they leave the machine to writers.
                std::thread::sleep(pace.min(timeout));
                told = self.told();
            }
        }
        if told.is_closed { Err(Error::Closed) } else { Ok(told.last_seq > seq) }
    }

    /// The last sequence number that was told.
    pub(crate) fn last_seq(&self) -> u64 {
        self.told().last_seq
    }

    /// Lets a follower read; the store does not close before it is done.
    pub(crate) fn enter(&self) -> Result<ReadGuard<'_, ()>> {
        let gate = self.gate.read();
        if self.told().is_closed { Err(Error::Closed) } else { Ok(gate) }
    }

    /// Counts one more follower.
    pub(crate) fn join(&self) -> Result<()> {
        let mut told = self.told();
        if told.subscribers >= TAIL_SUBSCRIBERS_MAX {
            return Err(Error::TooManySubscribers { max: TAIL_SUBSCRIBERS_MAX });
        }
        told.subscribers += 1;
        Ok(())
    }

    /// Counts one follower less.
    pub(crate) fn leave(&self) {
        let mut told = self.told();
        told.subscribers = told.subscribers.saturating_sub(1);
    }

    /// Sends everybody home, and waits until nobody reads.
    pub(crate) fn close(&self) {
        self.told().is_closed = true;
        self.changed.notify_all();
        drop(self.gate.write());
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock()
    }
}
