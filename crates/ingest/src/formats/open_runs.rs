//! Runs whose end has not been read yet: bounded, and given back in the order they began.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use runlog_core::limits;

use crate::record::cut_marker;

/// The most runs open at a time: far more than one function's log interleaves.
pub(super) const OPEN_MAX_RUNS: usize = 10_000;

/// The most bytes of their texts, so that an import fits beside what else runs on a machine.
pub(super) const OPEN_MAX_BYTES: usize = 128 << 20;

/// A run that is being put together.
pub(super) trait Weigh {
    /// About how many bytes it holds.
    fn bytes(&self) -> usize;
}

/// Open runs by key.
pub(super) struct OpenRuns<K, T> {
    places: HashMap<K, u64>,
    runs: BTreeMap<u64, (K, T)>,
    next: u64,
    bytes: usize,
}

impl<K: Clone + Eq + Hash, T: Weigh> OpenRuns<K, T> {
    pub(super) fn new() -> Self {
        Self { places: HashMap::new(), runs: BTreeMap::new(), next: 0, bytes: 0 }
    }

    pub(super) fn contains(&self, key: &K) -> bool {
        self.places.contains_key(key)
    }

    pub(super) fn get(&self, key: &K) -> Option<&T> {
        Some(&self.runs.get(self.places.get(key)?)?.1)
    }

    /// Changes the run under a key; nothing when there is none.
    pub(super) fn change(&mut self, key: &K, change: impl FnOnce(&mut T)) {
        if let Some((_, run)) = self.places.get(key).and_then(|place| self.runs.get_mut(place)) {
            self.bytes -= run.bytes();
            change(run);
            self.bytes += run.bytes();
        }
    }

    /// Opens a run; one that had its key is given back.
    pub(super) fn insert(&mut self, key: K, run: T) -> Option<T> {
        let before = self.remove(&key);
        self.next += 1;
        self.bytes += run.bytes();
        self.places.insert(key.clone(), self.next);
        self.runs.insert(self.next, (key, run));
        before
    }

    pub(super) fn remove(&mut self, key: &K) -> Option<T> {
        let (_, run) = self.runs.remove(&self.places.remove(key)?)?;
        self.bytes -= run.bytes();
        Some(run)
    }

    /// The oldest run, when there are more than may be.
    pub(super) fn overflow(&mut self) -> Option<(K, T)> {
        if self.runs.len() > OPEN_MAX_RUNS || self.bytes > OPEN_MAX_BYTES { self.pop() } else { None }
    }

    /// The oldest run.
    pub(super) fn pop(&mut self) -> Option<(K, T)> {
        let (_, (key, run)) = self.runs.pop_first()?;
        self.places.remove(&key);
        self.bytes -= run.bytes();
        Some((key, run))
    }
}

/// A text that stops growing at the longest log there can be, and says what it left out.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    text: String,
    left_out_bytes: usize,
}

impl Log {
    pub(super) fn push_line(&mut self, line: &str) {
        // The marker has to fit as well.
        if self.left_out_bytes > 0 || self.text.len() + line.len() + 1 > limits::LOG_MAX_BYTES - 100 {
            self.left_out_bytes += line.len() + 1;
        } else {
            self.text.push_str(line);
            self.text.push('\n');
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.text.len()
    }

    pub(super) fn into_text(mut self) -> String {
        if self.left_out_bytes > 0 {
            // The text ends its last line itself.
            self.text.push_str(&cut_marker(self.left_out_bytes)[1..]);
        }
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Weigh for Log {
        fn bytes(&self) -> usize {
            Log::bytes(self)
        }
    }

    #[test]
    fn the_oldest_goes_first_when_there_are_too_many() {
        let mut open = OpenRuns::new();
        for key in 0..OPEN_MAX_RUNS {
            assert!(open.insert(key, Log::default()).is_none());
        }
        assert!(open.overflow().is_none());
        let mut log = Log::default();
        log.push_line("first");
        open.change(&0, |run| *run = log);
        open.insert(OPEN_MAX_RUNS, Log::default());
        let (key, log) = open.overflow().unwrap();
        assert_eq!((key, log.into_text()), (0, "first\n".to_owned()));
        assert!(open.overflow().is_none() && !open.contains(&0) && open.bytes == 0);
    }

    #[test]
    fn a_log_that_is_too_long_says_what_it_left_out() {
        let mut log = Log::default();
        let line = "x".repeat(1 << 20);
        for _ in 0..7 {
            log.push_line(&line);
        }
        let text = log.into_text();
        assert!(text.len() <= limits::LOG_MAX_BYTES);
        assert!(text.ends_with(&format!("\n[runlog: cut here, {} more bytes]\n", 2 * (line.len() + 1))));
    }
}
