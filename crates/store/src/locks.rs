//! The locks of an open store and the one order in which a thread may take them.
//!
//! A thread that holds a lock takes only locks of a later [`Rank`], so no two threads can wait for each other. Debug
//! builds, and so all tests, assert it at each lock. A panic while a lock is held does not close it: what it guards is
//! changed in steps that each leave it whole, and a failed write has poisoned the store.

use std::ops::{Deref, DerefMut};
use std::sync::{Condvar, PoisonError};
use std::time::Duration;

/// The locks, in the order in which they are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    /// A tail reads; closing waits for it.
    Gate,
    /// One flush at a time.
    Flushing,
    /// One merge at a time.
    Merging,
    /// What is accepted and not durable yet.
    Queue,
    /// The log file that takes new groups.
    Log,
    /// The manifest as it is on disk.
    Manifest,
    /// What background threads have to do.
    Work,
    /// Everything that is visible.
    State,
    /// One memtable.
    Table,
    /// Damaged files.
    SetAside,
    /// What the wall clock is compared with.
    Wall,
    /// What followers wait for.
    Signal,
}

/// A lock for one thread.
#[derive(Debug)]
pub(crate) struct Mutex<T> {
    rank: Rank,
    lock: std::sync::Mutex<T>,
}

/// A lock for one thread that changes, or any number that read.
#[derive(Debug)]
pub(crate) struct RwLock<T> {
    rank: Rank,
    lock: std::sync::RwLock<T>,
}

/// A lock that is held. Let go of before its rank is.
#[derive(Debug)]
pub(crate) struct Guard<G> {
    guard: G,
    _held: Held,
}

pub(crate) type MutexGuard<'a, T> = Guard<std::sync::MutexGuard<'a, T>>;
pub(crate) type ReadGuard<'a, T> = Guard<std::sync::RwLockReadGuard<'a, T>>;
pub(crate) type WriteGuard<'a, T> = Guard<std::sync::RwLockWriteGuard<'a, T>>;

impl<T> Mutex<T> {
    pub(crate) fn new(rank: Rank, value: T) -> Self {
        Self { rank, lock: std::sync::Mutex::new(value) }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        let held = Held::take(self.rank);
        Guard { guard: self.lock.lock().unwrap_or_else(PoisonError::into_inner), _held: held }
    }
}

impl<T> RwLock<T> {
    pub(crate) fn new(rank: Rank, value: T) -> Self {
        Self { rank, lock: std::sync::RwLock::new(value) }
    }

    pub(crate) fn read(&self) -> ReadGuard<'_, T> {
        let held = Held::take(self.rank);
        Guard { guard: self.lock.read().unwrap_or_else(PoisonError::into_inner), _held: held }
    }

    pub(crate) fn write(&self) -> WriteGuard<'_, T> {
        let held = Held::take(self.rank);
        Guard { guard: self.lock.write().unwrap_or_else(PoisonError::into_inner), _held: held }
    }
}

impl<'a, T> MutexGuard<'a, T> {
    /// Lets go of the lock until the condition is signalled.
    pub(crate) fn wait(self, changed: &Condvar) -> Self {
        let Self { guard, _held } = self;
        Self { guard: changed.wait(guard).unwrap_or_else(PoisonError::into_inner), _held }
    }

    /// Lets go of the lock until the condition is signalled and `goes_on` holds no more, or the time is over.
    pub(crate) fn wait_timeout_while(
        self,
        changed: &Condvar,
        timeout: Duration,
        goes_on: impl FnMut(&mut T) -> bool,
    ) -> Self {
        let Self { guard, _held } = self;
        let waited = changed.wait_timeout_while(guard, timeout, goes_on);
        Self { guard: waited.unwrap_or_else(PoisonError::into_inner).0, _held }
    }

    /// Lets go of the lock until the condition is signalled or the time is over.
    pub(crate) fn wait_timeout(self, changed: &Condvar, timeout: Duration) -> Self {
        let Self { guard, _held } = self;
        Self { guard: changed.wait_timeout(guard, timeout).unwrap_or_else(PoisonError::into_inner).0, _held }
    }
}

impl<G: Deref> Deref for Guard<G> {
    type Target = G::Target;

    fn deref(&self) -> &G::Target {
        &self.guard
    }
}

impl<G: DerefMut> DerefMut for Guard<G> {
    fn deref_mut(&mut self) -> &mut G::Target {
        &mut self.guard
    }
}

/// A rank that this thread holds.
#[derive(Debug)]
struct Held(#[cfg(debug_assertions)] Rank);

#[cfg(debug_assertions)]
thread_local! {
    static HELD: std::cell::RefCell<Vec<Rank>> = const { std::cell::RefCell::new(Vec::new()) };
}

impl Held {
    #[cfg(debug_assertions)]
    #[track_caller]
    fn take(rank: Rank) -> Self {
        HELD.with_borrow_mut(|held| {
            let last = held.iter().max();
            assert!(last.is_none_or(|last| *last < rank), "{rank:?} is locked while {last:?} is held");
            held.push(rank);
        });
        Self(rank)
    }

    #[cfg(not(debug_assertions))]
    fn take(_: Rank) -> Self {
        Self()
    }
}

#[cfg(debug_assertions)]
impl Drop for Held {
    fn drop(&mut self) {
        HELD.with_borrow_mut(|held| {
            let at = held.iter().rposition(|rank| *rank == self.0).expect("it was pushed when it was taken");
            held.remove(at);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_are_taken_in_their_order_and_let_go_of_in_any() {
        let (queue, state) = (Mutex::new(Rank::Queue, 1), RwLock::new(Rank::State, 2));
        let first = queue.lock();
        let second = state.read();
        drop(first);
        let table = RwLock::new(Rank::Table, 3);
        assert_eq!(*second + *table.read(), 5);
        drop(second);
        *queue.lock() += 1;
        assert_eq!(*queue.lock(), 2);
    }

    #[test]
    #[cfg(debug_assertions)]
    #[should_panic(expected = "Queue is locked while Some(State) is held")]
    fn the_other_order_is_a_mistake() {
        let (queue, state) = (Mutex::new(Rank::Queue, ()), RwLock::new(Rank::State, ()));
        let _state = state.write();
        queue.lock();
    }

    #[test]
    #[cfg(debug_assertions)]
    #[should_panic(expected = "State is locked while Some(State) is held")]
    fn a_lock_that_is_held_is_not_taken_again() {
        let state = RwLock::new(Rank::State, ());
        let _state = state.read();
        state.read();
    }
}
