//! The table of open runs: the place of each, with what is known of it in memory and when it was last heard of.
//!
//! The table's lock is the innermost, and never held while waiting for a run's own.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use runlog_core::{Identity, Stream};

use super::gathered::Gathered;

/// The open runs.
#[derive(Debug)]
pub(super) struct OpenTable(Mutex<Table>);

/// The open runs, by one that has the lock.
#[derive(Debug)]
pub(super) struct Table {
    max: usize,
    slots: HashMap<Identity, Arc<Slot>>,
    /// The request id of the open run of each instance; the key has the instance in the place of a request id.
    instances: HashMap<Identity, String>,
}

/// A run's place in the table.
#[derive(Debug, Default)]
pub(super) struct Slot {
    state: Mutex<State>,
    /// When it was last heard of, in milliseconds of the monotonic clock.
    heard_ms: AtomicU64,
}

/// What is known of a run in memory.
#[derive(Debug, Default)]
pub(super) struct State {
    /// `None`: the store has to be asked.
    pub(super) run: Option<Gathered>,
    /// The run is no longer in the table, so a caller that waited for it must look again.
    pub(super) is_gone: bool,
}

impl OpenTable {
    /// Room for `max` runs.
    pub(super) fn new(max: usize) -> Self {
        Self(Mutex::new(Table { max, slots: HashMap::new(), instances: HashMap::new() }))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many runs are open.
    pub(super) fn len(&self) -> usize {
        self.lock().slots.len()
    }

    /// How many runs may be open.
    pub(super) fn max(&self) -> usize {
        self.lock().max
    }

    /// Takes a run out of the table, since it has ended or was never stored. `state` is its own, and locked.
    pub(super) fn forget(&self, identity: &Identity, state: &mut State) {
        *state = State { run: None, is_gone: true };
        let mut table = self.lock();
        table.slots.remove(identity);
        if let Some((instance, _)) = identity.request_id.rsplit_once('-') {
            let key = Identity { request_id: instance.to_owned(), ..identity.clone() };
            if table.instances.get(&key) == Some(&identity.request_id) {
                table.instances.remove(&key);
            }
        }
    }
}

impl Table {
    /// The place of a run that was heard of `now`: its own, or a new one. `None` where there is no room for another.
    pub(super) fn claim(
        &mut self,
        identity: &Identity,
        stream: &Stream,
        instance: Option<&str>,
        now: Duration,
    ) -> Option<Arc<Slot>> {
        if let Some(known) = self.slots.get(identity) {
            known.heard_ms.store(ms(now), Ordering::Relaxed);
            return Some(Arc::clone(known));
        }
        (self.slots.len() < self.max).then(|| self.insert(identity.clone(), stream, instance, now))
    }

    /// A place for a run of which nothing is in memory yet, however many there are; its own if it has one.
    pub(super) fn insert(
        &mut self,
        identity: Identity,
        stream: &Stream,
        instance: Option<&str>,
        now: Duration,
    ) -> Arc<Slot> {
        if let Some(instance) = instance {
            self.instances.insert(named(stream, instance), identity.request_id.clone());
        }
        let slot = self
            .slots
            .entry(identity)
            .or_insert_with(|| Arc::new(Slot { heard_ms: AtomicU64::new(ms(now)), ..Slot::default() }));
        Arc::clone(slot)
    }

    /// The request id of the open run of an instance.
    pub(super) fn of_instance(&self, stream: &Stream, instance: &str) -> Option<&str> {
        self.instances.get(&named(stream, instance)).map(String::as_str)
    }

    /// The runs whose place is wanted.
    pub(super) fn of_all(&self, is_wanted: impl Fn(&Slot) -> bool) -> Vec<(Identity, Arc<Slot>)> {
        let wanted = self.slots.iter().filter(|(_, slot)| is_wanted(slot));
        wanted.map(|(identity, slot)| (identity.clone(), Arc::clone(slot))).collect()
    }
}

impl Slot {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the run was not heard of for as long as `idle`.
    pub(super) fn was_heard_before(&self, now: Duration, idle: Duration) -> bool {
        self.heard_ms.load(Ordering::Relaxed).saturating_add(ms(idle)) <= ms(now)
    }
}

/// Why lines of a finished run are not stored.
pub(super) fn has_finished(identity: &Identity) -> String {
    let Identity { request_id, function, .. } = identity;
    format!(
        "run {request_id} of {function} has finished, and a finished run never changes; give another run another id"
    )
}

/// The identity of a stream's run, or of its instance.
pub(super) fn named(stream: &Stream, name: &str) -> Identity {
    Identity {
        account: stream.account.clone(),
        region: stream.region.clone(),
        namespace: stream.namespace.clone(),
        function: stream.function.clone(),
        request_id: name.to_owned(),
        retry_num: 0,
    }
}

/// Of times of the monotonic clock and of options, which are far below 2^64 milliseconds.
fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).expect("a time of fewer than 2^64 milliseconds")
}
