//! How much is stored, by day and namespace: for those who look after the disk.

use std::collections::BTreeMap;
use std::sync::Arc;

use runlog_core::Stored;
use runlog_core::limits::DAY_MS;

use crate::engine::Engine;
use crate::partition::day_of;

/// Runs and bytes of each day, in days since 1970, and namespace.
type Days = BTreeMap<(i64, String), (u64, u64)>;

impl Engine {
    /// See [`crate::Store::stored`].
    pub(crate) fn stored(&self, account: &str) -> Vec<Stored> {
        let (tables, segments, guesses) = {
            let state = self.state();
            // Runs that the store closed itself have finished, as far as anybody is told.
            let guesses = state.in_flight.iter().filter(|run| run.is_guess && run.stream.account == account).cloned();
            let guesses = guesses.collect::<Vec<_>>();
            (state.tables().cloned().collect::<Vec<_>>(), Arc::clone(&state.segments), guesses)
        };
        let mut days = Days::new();
        let mut add = |day: i64, namespace: &str, runs: u64, bytes: u64| {
            let stored = days.entry((day, namespace.to_owned())).or_default();
            *stored = (stored.0 + runs, stored.1 + bytes);
        };
        for segment in segments.iter() {
            for (rows, range) in segment.streams().filter(|(rows, _)| rows.stream.account == account) {
                // A segment's bytes are shared among its rows.
                let share = u128::from(segment.bytes()) * range.len() as u128 / u128::from(segment.rows().max(1));
                let bytes = u64::try_from(share).expect("a part of the segment's bytes");
                add(segment.name.day, &rows.stream.namespace, range.len() as u64, bytes);
            }
        }
        for guess in guesses {
            add(day_of(guess.head().facts.start_ms), &guess.stream.namespace, 1, guess.log_bytes() as u64);
        }
        for table in tables {
            let table = table.read();
            for slot in table.slots().iter().filter(|slot| slot.stream.account == account) {
                for (facts, bytes) in slot.sizes() {
                    add(day_of(facts.start_ms), &slot.stream.namespace, 1, bytes.into());
                }
            }
        }
        let stored = |((day, namespace), (runs, bytes)): ((i64, String), (u64, u64))| Stored {
            day_ms: day.saturating_mul(DAY_MS),
            namespace,
            runs,
            bytes,
        };
        days.into_iter().map(stored).collect()
    }
}
