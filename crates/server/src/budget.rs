//! A budget of bytes that requests share: each takes as its body grows and gives back when it ends. Nobody waits for a
//! share, since all who wait would hold shares of their own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A bound on what all requests of a kind hold in memory.
#[derive(Debug)]
pub(crate) struct Budget {
    /// The option that sets it, for messages.
    option: &'static str,
    max_bytes: u64,
    /// Shares up to this may use the last quarter of the budget, which large ones leave to them.
    small_bytes: u64,
    taken: AtomicU64,
}

/// What one request holds; it gives back when it is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    budget: Arc<Budget>,
    bytes: u64,
}

/// Why a share does not grow; the text is for the sender.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoRoom {
    #[error(
        "requests hold all of the {max_bytes} bytes that they may hold together at the moment (the option `{option}`); \
         retry in a moment"
    )]
    Now { option: &'static str, max_bytes: u64 },
    #[error(
        "the request takes more memory than all requests may hold together, {max_bytes} bytes (the option \
         `{option}`); send it in parts"
    )]
    Ever { option: &'static str, max_bytes: u64 },
}

impl Budget {
    /// `option` sets `max_bytes`. Shares of more than `small_bytes` take no more than three quarters of it, so that
    /// they do not keep small ones out.
    pub(crate) fn new(option: &'static str, max_bytes: u64, small_bytes: u64) -> Arc<Self> {
        Arc::new(Self { option, max_bytes, small_bytes, taken: AtomicU64::new(0) })
    }

    /// A share of nothing yet.
    pub(crate) fn share(self: &Arc<Self>) -> Share {
        Share { budget: Arc::clone(self), bytes: 0 }
    }

    /// What all shares hold.
    #[cfg(test)]
    pub(crate) fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }
}

impl Share {
    /// Makes the share at least `bytes` in all.
    pub(crate) fn grow_to(&mut self, bytes: u64) -> Result<(), NoRoom> {
        let Some(more) = bytes.checked_sub(self.bytes) else { return Ok(()) };
        let Budget { option, max_bytes, small_bytes, .. } = *self.budget;
        let bound = if bytes > small_bytes { max_bytes - max_bytes / 4 } else { max_bytes };
        if bytes > bound {
            return Err(NoRoom::Ever { option, max_bytes });
        }
        let grow = |taken: u64| taken.checked_add(more).filter(|taken| *taken <= bound);
        if self.budget.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, grow).is_err() {
            return Err(NoRoom::Now { option, max_bytes });
        }
        self.bytes = bytes;
        Ok(())
    }

    /// Makes the share larger by `bytes`.
    pub(crate) fn grow_by(&mut self, bytes: u64) -> Result<(), NoRoom> {
        self.grow_to(self.bytes.saturating_add(bytes))
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.taken.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_together_stay_within_the_budget() {
        let budget = Budget::new("name", 100, 100);
        let (mut one, mut other) = (budget.share(), budget.share());
        assert_eq!((one.grow_to(60), one.grow_to(30), one.grow_by(20)), (Ok(()), Ok(()), Ok(())));
        assert_eq!(other.grow_to(21), Err(NoRoom::Now { option: "name", max_bytes: 100 }));
        assert_eq!((other.grow_to(20), budget.taken()), (Ok(()), 100));
        assert_eq!(one.grow_to(101), Err(NoRoom::Ever { option: "name", max_bytes: 100 }));
        drop(one);
        assert_eq!((budget.taken(), other.grow_to(100)), (20, Ok(())));
        drop(other);
        assert_eq!(budget.taken(), 0);
    }

    #[test]
    fn large_shares_leave_room_for_small_ones() {
        let budget = Budget::new("name", 100, 10);
        let (mut one, mut other, mut small) = (budget.share(), budget.share(), budget.share());
        assert_eq!((one.grow_to(60), other.grow_to(15)), (Ok(()), Ok(())));
        assert_eq!(other.grow_to(16), Err(NoRoom::Now { option: "name", max_bytes: 100 }));
        assert_eq!((small.grow_to(10), budget.taken()), (Ok(()), 85));
        assert_eq!(one.grow_to(76), Err(NoRoom::Ever { option: "name", max_bytes: 100 }));
    }
}
