//! Sets of moments: what is to be pulled, and what has been.

use runlog_core::{Window, Zone};
use serde::{Deserialize, Serialize};

/// Spans of Unix milliseconds, each `[start, end)`, in order and apart from each other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Spans(Vec<(i64, i64)>);

impl Spans {
    pub(super) fn one(start_ms: i64, end_ms: i64) -> Self {
        Self(if start_ms < end_ms { vec![(start_ms, end_ms)] } else { Vec::new() })
    }

    /// Adds a span; neighbours become one.
    pub(super) fn add(&mut self, window: Window) {
        let (mut start, mut end) = (window.start_ms, window.end_ms);
        let is_apart = |span: &(i64, i64)| span.1 < window.start_ms || span.0 > window.end_ms;
        for span in self.0.iter().filter(|span| !is_apart(span)) {
            start = start.min(span.0);
            end = end.max(span.1);
        }
        self.0.retain(is_apart);
        let place = self.0.partition_point(|span| span.0 < start);
        if start < end {
            self.0.insert(place, (start, end));
        }
    }

    /// What is in these and not in the others.
    pub(super) fn without(&self, others: &Spans) -> Spans {
        let mut left = Vec::new();
        for &(from, end) in &self.0 {
            let mut start = from;
            for &(other_start, other_end) in others.0.iter().filter(|other| other.1 > from && other.0 < end) {
                if other_start > start {
                    left.push((start, other_start));
                }
                start = other_end;
            }
            if start < end {
                left.push((start, end));
            }
        }
        Spans(left)
    }

    /// Windows that do not cross a multiple of `length_ms`.
    pub(super) fn split(&self, length_ms: i64) -> Vec<Window> {
        let mut windows = Vec::new();
        for &(mut start_ms, end) in &self.0 {
            while start_ms < end {
                let next = (start_ms.div_euclid(length_ms) + 1).saturating_mul(length_ms);
                let end_ms = next.min(end);
                windows.push(Window { start_ms, end_ms });
                start_ms = end_ms;
            }
        }
        windows
    }

    /// From where to where, for people.
    pub(super) fn written(&self, zone: Zone) -> String {
        match (self.0.first(), self.0.last()) {
            (Some(first), Some(last)) => {
                format!("{} .. {} (UTC{zone})", zone.format(first.0), zone.format(last.1 - 1))
            }
            _ => "nothing".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spans(parts: &[(i64, i64)]) -> Spans {
        let mut spans = Spans::default();
        parts.iter().for_each(|&(start_ms, end_ms)| spans.add(Window { start_ms, end_ms }));
        spans
    }

    fn covers(spans: &Spans, at: i64) -> bool {
        spans.0.iter().any(|span| (span.0..span.1).contains(&at))
    }

    #[test]
    fn windows_end_at_multiples() {
        let ends =
            |start, end| spans(&[(start, end)]).split(10).iter().map(|w| (w.start_ms, w.end_ms)).collect::<Vec<_>>();
        assert_eq!(ends(3, 25), [(3, 10), (10, 20), (20, 25)]);
        assert_eq!(ends(10, 20), [(10, 20)]);
        assert_eq!(ends(5, 5), []);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn spans_are_sets(parts in prop::collection::vec((0..50i64, 0..50i64), 0..12), cut in 0..12usize) {
            let (a, b) = parts.split_at(cut.min(parts.len()));
            let (a, b) = (spans(a), spans(b));
            let rest = a.without(&b);
            for at in 0..50 {
                prop_assert_eq!(covers(&rest, at), covers(&a, at) && !covers(&b, at));
            }
            for set in [&a, &rest] {
                prop_assert!(set.0.windows(2).all(|pair| pair[0].1 <= pair[1].0));
                prop_assert!(set.0.iter().all(|span| span.0 < span.1));
            }
        }
    }
}
