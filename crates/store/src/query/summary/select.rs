//! Percentiles, exactly, of more values than fit in memory: reading them a few times, each time knowing better between
//! which two numbers each percentile is.
//!
//! A pass counts the values in 16,384 equal steps between the bounds; the step that contains the wanted place becomes
//! the new bounds. Once few enough values lie between them, the next pass gathers those and picks. Durations of real
//! runs take two or three passes, and no numbers take more than five.

use runlog_core::Quantiles;

use crate::error::Result;
use crate::number::wide;
use crate::segment::zones::Bounds;

/// Steps of one pass, as a power of two.
const STEP_BITS: u32 = 14;

/// So few values are gathered and sorted.
const GATHER_MAX: u64 = 1 << 16;

/// Which blocks a pass has to read: those within whose bounds a wanted value of either column may lie.
pub(crate) type Want<'a> = dyn Fn([Bounds; 2]) -> bool + 'a;

/// From the least to the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) low: u64,
    pub(crate) high: u64,
}

impl Default for Range {
    /// The range of nothing.
    fn default() -> Self {
        Self { low: u64::MAX, high: 0 }
    }
}

/// One value that is looked for: the one at place `rank`, from 1, of the `count` values within the range.
#[derive(Clone, Copy, Debug)]
struct Target {
    range: Range,
    count: u64,
    rank: u64,
}

/// What a pass learns of the values within a range.
struct Probe {
    range: Range,
    /// Values are counted in steps of two to this power.
    shift: u32,
    seen: Seen,
}

enum Seen {
    Steps(Vec<u64>),
    Values(Vec<u64>),
}

/// The percentiles of two columns of `count` values each, of which there are some. `pass` calls its second argument
/// with every value of the columns, or at least with those that its first argument wants.
pub(crate) fn quantiles(
    count: u64,
    bounds: [Range; 2],
    mut pass: impl FnMut(&Want<'_>, &mut dyn FnMut([u64; 2])) -> Result<()>,
) -> Result<[Quantiles; 2]> {
    let mut targets = bounds.map(|range| Quantiles::ranks(count).map(|rank| Target { range, count, rank }));
    while targets.iter().flatten().any(|target| target.range.low < target.range.high) {
        let mut probes = targets.each_ref().map(|targets| probes(targets));
        let ranges = probes.each_ref().map(|probes| probes.iter().map(|probe| probe.range).collect::<Vec<_>>());
        let wants = |bounds: [Bounds; 2]| {
            let meets = |(ranges, bounds): (&Vec<Range>, Bounds)| {
                ranges.iter().any(|range| bounds.min <= range.high && bounds.max >= range.low)
            };
            ranges.iter().zip(bounds).any(meets)
        };
        pass(&wants, &mut |values| {
            for (probes, value) in probes.iter_mut().zip(values) {
                probes.iter_mut().for_each(|probe| probe.see(value));
            }
        })?;
        for (targets, probes) in targets.iter_mut().zip(&mut probes) {
            for target in targets.iter_mut().filter(|target| target.range.low < target.range.high) {
                let probe = probes.iter_mut().find(|probe| probe.range == target.range);
                *target = probe.map_or(*target, |probe| probe.narrow(target));
            }
        }
    }
    Ok(targets.map(|targets| Quantiles::at_ranks(targets.map(|target| target.range.low))))
}

/// One probe for each range that is still open.
fn probes(targets: &[Target]) -> Vec<Probe> {
    let mut probes: Vec<Probe> = Vec::new();
    for Target { range, count, .. } in targets.iter().filter(|target| target.range.low < target.range.high) {
        if probes.iter().all(|probe| probe.range != *range) {
            let shift = (64 - (range.high - range.low).leading_zeros()).saturating_sub(STEP_BITS);
            let seen =
                if *count <= GATHER_MAX { Seen::Values(Vec::new()) } else { Seen::Steps(vec![0; 1 << STEP_BITS]) };
            probes.push(Probe { range: *range, shift, seen });
        }
    }
    probes
}

impl Probe {
    #[inline]
    fn see(&mut self, value: u64) {
        if value < self.range.low || value > self.range.high {
            return;
        }
        match &mut self.seen {
            Seen::Values(values) => values.push(value),
            Seen::Steps(steps) => {
                let step = steps.get_mut(((value - self.range.low) >> self.shift) as usize);
                step.into_iter().for_each(|step| *step += 1);
            }
        }
    }

    /// What is known of a target after the pass.
    fn narrow(&mut self, target: &Target) -> Target {
        let exactly = |value: u64| Target { range: Range { low: value, high: value }, count: 1, rank: 1 };
        match &mut self.seen {
            Seen::Values(values) => {
                let place = wide(target.rank - 1).min(values.len().saturating_sub(1));
                // Without values, which cannot be, the target must be closed all the same.
                let value = if values.is_empty() { self.range.low } else { *values.select_nth_unstable(place).1 };
                exactly(value)
            }
            Seen::Steps(steps) => {
                let mut rank = target.rank;
                for (step, count) in (0u64..).zip(steps.iter().copied()) {
                    if rank <= count {
                        let low = self.range.low + (step << self.shift);
                        let high = low.saturating_add((1 << self.shift) - 1).min(self.range.high);
                        return Target { range: Range { low, high }, count, rank };
                    }
                    rank -= count;
                }
                exactly(self.range.high)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(values: &[[u64; 2]]) -> usize {
        let mut passes = 0;
        let bounds = [0, 1].map(|column| {
            let of = values.iter().map(|values| values[column]);
            Range { low: of.clone().min().unwrap(), high: of.max().unwrap() }
        });
        let found = quantiles(values.len() as u64, bounds, |_, each| {
            passes += 1;
            values.iter().for_each(|values| each(*values));
            Ok(())
        });
        for (column, found) in found.unwrap().into_iter().enumerate() {
            let mut sorted: Vec<u64> = values.iter().map(|values| values[column]).collect();
            sorted.sort_unstable();
            let ranks = Quantiles::ranks(values.len() as u64);
            assert_eq!(found, Quantiles::at_ranks(ranks.map(|rank| sorted[rank as usize - 1])));
        }
        passes
    }

    proptest! {
        #[test]
        fn few_values(values in prop::collection::vec(any::<[u64; 2]>(), 1..300), down in 0u32..64) {
            check(&values.iter().map(|[a, b]| [a >> down, b % 5]).collect::<Vec<_>>());
        }
    }

    #[test]
    fn many_values_take_few_passes() {
        let spread = |at: u64| at.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let many = |one: fn(u64) -> u64| (0..150_000).map(|at| [one(spread(at)), spread(at) % 7]).collect::<Vec<_>>();
        assert!(check(&many(|bits| bits)) <= 3);
        assert!(check(&many(|bits| bits >> 40)) <= 3);
        // Nearly all of them close together, and one far away.
        assert!(check(&many(|bits| if bits < 1 << 47 { u64::MAX } else { bits >> 40 })) <= 5);
        assert_eq!(check(&many(|_| 5)), 1);
    }
}
