//! Rows in memory: memtables and runs in flight. They are few, so they are all looked at.

use runlog_core::SortKey;

use super::accumulator::{Accumulator, Location};
use super::key::Key;
use super::plan::Plan;
use crate::memtable::{Memtable, Place, Slot};
use crate::state::Snapshot;

/// Counts and offers the matching rows in memory.
pub(crate) fn scan(plan: &Plan<'_>, snapshot: &Snapshot, acc: &mut Accumulator) {
    if plan.wants_finished() {
        for (number, table) in (0..).zip(&snapshot.tables) {
            scan_table(plan, &table.read(), number, acc);
        }
    }
    for (number, flight) in (0..).zip(&snapshot.flights) {
        acc.cost.rows_read += 1;
        if let Some(facts) = plan.facts_of_match(flight) {
            acc.total += 1;
            let key = Key::of(plan.query.order, &facts, plan.rank(&flight.stream));
            acc.offer(key, Location::Flight(number));
        }
    }
}

fn scan_table(plan: &Plan<'_>, table: &Memtable, number: u32, acc: &mut Accumulator) {
    if let Some(id) = &plan.query.request_id {
        for place in table.find_id(&plan.query.scope.account, id) {
            if let Some(slot) = table.slot(place.slot).filter(|slot| plan.query.scope.matches(&slot.stream)) {
                scan_row(plan, table, slot, place, number, acc);
            }
        }
        return;
    }
    for (at, slot) in (0..).zip(table.slots()).filter(|(_, slot)| plan.query.scope.matches(&slot.stream)) {
        if plan.needs_texts() || plan.query.order.by == SortKey::FunctionName {
            let rows = (0..).zip(&slot.facts);
            rows.for_each(|(row, _)| scan_row(plan, table, slot, Place { slot: at, row }, number, acc));
        } else {
            scan_numbers(plan, slot, at, number, acc);
        }
    }
}

/// The rows of a stream whose numbers alone decide.
fn scan_numbers(plan: &Plan<'_>, slot: &Slot, at: u32, number: u32, acc: &mut Accumulator) {
    for (row, facts) in (0..).zip(&slot.facts).filter(|(_, facts)| plan.matches(facts)) {
        acc.total += 1;
        acc.offer(Key::of(plan.query.order, facts, 0), Location::Memtable(number, Place { slot: at, row }));
    }
    acc.cost.rows_read += slot.facts.len() as u64;
}

fn scan_row(plan: &Plan<'_>, table: &Memtable, slot: &Slot, place: Place, number: u32, acc: &mut Accumulator) {
    acc.cost.rows_read += 1;
    let Some(facts) = slot.facts.get(place.row as usize).filter(|facts| plan.matches(facts)) else { return };
    if plan.needs_texts() && !table.record(place).is_ok_and(|record| plan.matches_texts(&record)) {
        return;
    }
    acc.total += 1;
    acc.offer(Key::of(plan.query.order, facts, plan.rank(&slot.stream)), Location::Memtable(number, place));
}
