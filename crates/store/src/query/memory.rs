//! Rows in memory: memtables and runs in flight. They are few, so they are all looked at.

use runlog_core::SortKey;

use super::gather::{Gather, Location};
use super::key::Key;
use super::plan::Plan;
use crate::memtable::{Memtable, Place, Slot};
use crate::state::Snapshot;

/// Counts and offers the matching rows in memory.
pub(crate) fn scan(plan: &Plan<'_>, snapshot: &Snapshot, gather: &mut Gather) {
    if plan.wants_finished() {
        for (number, table) in (0..).zip(&snapshot.tables) {
            scan_table(plan, &table.read(), number, gather);
        }
    }
    for (number, flight) in (0..).zip(&snapshot.flights) {
        let Some(record) = flight.record() else { continue };
        gather.cost.rows_read += 1;
        if plan.matches(&record.facts) && plan.matches_texts(&record) {
            gather.total += 1;
            let key = Key::of(plan.query.order, &record.facts, plan.rank(&flight.stream));
            gather.offer(key, Location::Flight(number));
        }
    }
}

fn scan_table(plan: &Plan<'_>, table: &Memtable, number: u32, gather: &mut Gather) {
    if let Some(id) = &plan.query.request_id {
        for place in table.find_id(&plan.query.scope.account, id) {
            if let Some(slot) = table.slot(place.slot).filter(|slot| plan.query.scope.matches(&slot.stream)) {
                scan_row(plan, table, slot, place, number, gather);
            }
        }
        return;
    }
    for (at, slot) in (0..).zip(table.slots()).filter(|(_, slot)| plan.query.scope.matches(&slot.stream)) {
        if plan.needs_texts() || plan.query.order.by == SortKey::FunctionName {
            let rows = (0..).zip(&slot.facts);
            rows.for_each(|(row, _)| scan_row(plan, table, slot, Place { slot: at, row }, number, gather));
        } else {
            scan_numbers(plan, slot, at, number, gather);
        }
    }
}

/// The rows of a stream whose numbers alone decide.
fn scan_numbers(plan: &Plan<'_>, slot: &Slot, at: u32, number: u32, gather: &mut Gather) {
    for (row, facts) in (0..).zip(&slot.facts).filter(|(_, facts)| plan.matches(facts)) {
        gather.total += 1;
        gather.offer(Key::of(plan.query.order, facts, 0), Location::Memtable(number, Place { slot: at, row }));
    }
    gather.cost.rows_read += slot.facts.len() as u64;
}

fn scan_row(plan: &Plan<'_>, table: &Memtable, slot: &Slot, place: Place, number: u32, gather: &mut Gather) {
    gather.cost.rows_read += 1;
    let Some(facts) = slot.facts.get(place.row as usize).filter(|facts| plan.matches(facts)) else { return };
    if plan.needs_texts() && !table.record(place).is_ok_and(|record| plan.matches_texts(&record)) {
        return;
    }
    gather.total += 1;
    gather.offer(Key::of(plan.query.order, facts, plan.rank(&slot.stream)), Location::Memtable(number, place));
}
