//! Percentiles, exactly, of more values than fit in memory, of many groups at once: the values are read a few times,
//! and each time it is known better between which two numbers each percentile is.
//!
//! A pass counts the values of a group in steps; the step with the wanted rank becomes the new range. The steps of the
//! first pass grow with the values (see [`Scale::Growing`]), since most durations are short and a few are long; later
//! ones are equal. Once few enough values are left in all open ranges, the next pass gathers those and picks. Durations
//! of real runs take one pass if they are few, and two or three otherwise.

use runlog_core::Quantiles;

use crate::number::wide;
use crate::segment::zones::Bounds;

/// The most values that one pass gathers, of all groups together: 32 MiB.
pub(crate) const GATHER_MAX: u64 = 1 << 22;

/// About as many counters has a pass at most, of all groups together: 8 MiB.
const COUNTERS_MAX: usize = 1 << 20;

/// Steps of a scale, as powers of two: fewer for many groups.
const STEP_BITS: std::ops::RangeInclusive<u32> = 3..=14;

/// Growing steps have at most this many bits: more would not fit into the cache of a core.
const GROWING_BITS_MAX: u32 = 8;

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

/// The percentiles of two columns that are looked for, in each of some groups.
pub(crate) struct Search {
    /// `None` for a group without values.
    groups: Vec<Option<[[Target; 4]; 2]>>,
    is_first_pass: bool,
    /// The most values that one pass gathers.
    gather_max: u64,
}

/// One value that is looked for: the one at place `rank`, from 1, of the `count` values within the range.
#[derive(Clone, Copy, Debug)]
struct Target {
    range: Range,
    count: u64,
    rank: u64,
}

/// What one pass learns, of each group and column.
#[derive(Debug)]
pub(crate) struct Pass {
    groups: Vec<[Vec<Probe>; 2]>,
    /// Whether every value is wanted.
    pub(crate) wants_all: bool,
}

/// What a pass learns of the values within a range.
#[derive(Debug)]
struct Probe {
    range: Range,
    seen: Seen,
}

#[derive(Debug)]
enum Seen {
    Steps(Scale, Vec<u64>),
    Values(Vec<u64>),
}

/// How the distance from the low end of a range is cut into steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scale {
    /// All of two to this power.
    Equal(u32),
    /// Two to this power of them between a power of two and the next.
    Growing(u32),
}

impl Target {
    /// One that is found.
    fn at(value: u64) -> Self {
        Self { range: Range { low: value, high: value }, count: 1, rank: 1 }
    }

    fn is_open(&self) -> bool {
        self.range.low < self.range.high
    }
}

impl Search {
    /// A search in groups of these numbers of values, all of which are within `bounds`.
    pub(crate) fn new(counts: &[u64], bounds: [Range; 2], gather_max: u64) -> Self {
        let targets = |count| bounds.map(|range| Quantiles::ranks(count).map(|rank| Target { range, count, rank }));
        let groups = counts.iter().map(|count| (*count > 0).then(|| targets(*count))).collect();
        Self { groups, is_first_pass: true, gather_max }
    }

    /// What the next pass has to learn; `None` when everything is known.
    pub(crate) fn pass(&self) -> Option<Pass> {
        let open = self.open();
        let mut values: u64 = 0;
        open.iter().flatten().flatten().for_each(|target| values = values.saturating_add(target.count));
        let probes = open.iter().flatten().map(Vec::len).sum::<usize>();
        if probes == 0 {
            return None;
        }
        let bits = (COUNTERS_MAX / probes).max(1).ilog2().clamp(*STEP_BITS.start(), *STEP_BITS.end());
        let gathers = |count: u64| values <= self.gather_max || count <= self.gather_max / probes as u64;
        let probe = |target: &Target| {
            let range = target.range;
            let seen = if gathers(target.count) {
                Seen::Values(Vec::new())
            } else {
                let scale = Scale::of(range, bits, self.is_first_pass);
                Seen::Steps(scale, vec![0; scale.step(range.high - range.low) + 1])
            };
            Probe { range, seen }
        };
        let groups = open.iter().map(|columns| columns.each_ref().map(|open| open.iter().map(probe).collect()));
        Some(Pass { groups: groups.collect(), wants_all: self.is_first_pass })
    }

    /// The open ranges of each group, each once.
    fn open(&self) -> Vec<[Vec<Target>; 2]> {
        let of_column = |targets: &[Target; 4]| {
            let mut open: Vec<Target> = Vec::new();
            for target in targets.iter().filter(|target| target.is_open()) {
                if open.iter().all(|known| known.range != target.range) {
                    open.push(*target);
                }
            }
            open
        };
        let of_group = |columns: &Option<[[Target; 4]; 2]>| {
            columns.as_ref().map_or_else(Default::default, |columns| columns.each_ref().map(of_column))
        };
        self.groups.iter().map(of_group).collect()
    }

    /// Takes what a pass has learned.
    pub(crate) fn learn(&mut self, pass: Pass) {
        self.is_first_pass = false;
        for (columns, probes) in self.groups.iter_mut().zip(pass.groups) {
            for (targets, probes) in columns.iter_mut().flatten().zip(probes) {
                learn_column(targets, probes);
            }
        }
    }

    /// The percentiles of each group, once every pass was made; `None` of a group without values.
    pub(crate) fn found(&self) -> Vec<Option<[Quantiles; 2]>> {
        let of = |targets: &[Target; 4]| Quantiles::at_ranks(targets.map(|target| target.range.low));
        self.groups.iter().map(|columns| columns.as_ref().map(|columns| columns.each_ref().map(of))).collect()
    }
}

fn learn_column(targets: &mut [Target; 4], probes: Vec<Probe>) {
    let open = targets.map(|target| target.is_open().then_some(target.range));
    for Probe { range, seen } in probes {
        let of_probe = targets.iter_mut().zip(open).filter(|(_, open)| *open == Some(range)).map(|(target, _)| target);
        match seen {
            Seen::Values(mut values) => pick(&mut values, of_probe),
            Seen::Steps(scale, steps) => of_probe.for_each(|target| *target = narrow(target, scale, &steps)),
        }
    }
}

/// Finds targets of ascending ranks among all values of their range: each among those that are left above the one
/// before.
fn pick<'a>(values: &mut [u64], targets: impl Iterator<Item = &'a mut Target>) {
    let (mut rest, mut passed) = (values, 0);
    let mut last = None;
    for target in targets {
        let place = wide(target.rank - 1);
        let value = match last {
            Some((at, value)) if at == place => value,
            _ => {
                let here = place.checked_sub(passed).expect("ranks ascend");
                if here < rest.len() {
                    let (_, value, above) = std::mem::take(&mut rest).select_nth_unstable(here);
                    (rest, passed) = (above, place + 1);
                    *value
                } else {
                    // A file whose bounds are not those of its values, though its checksums fit.
                    target.range.high
                }
            }
        };
        last = Some((place, value));
        *target = Target::at(value);
    }
}

/// A target within its step.
fn narrow(target: &Target, scale: Scale, steps: &[u64]) -> Target {
    let mut rank = target.rank;
    for (step, count) in steps.iter().copied().enumerate() {
        if rank <= count {
            let (first, last) = scale.bounds(step);
            let low = target.range.low + first;
            let high = target.range.low.saturating_add(last).min(target.range.high);
            return Target { range: Range { low, high }, count, rank };
        }
        rank -= count;
    }
    // The values were counted, and are not in their blocks: a file whose bounds are wrong, though its checksums fit.
    Target::at(target.range.high)
}

impl Pass {
    /// Whether blocks within these bounds may have values that one of some groups wants.
    pub(crate) fn wants(&self, groups: std::ops::RangeInclusive<usize>, bounds: [Bounds; 2]) -> bool {
        let meets = |(probes, bounds): (&Vec<Probe>, Bounds)| {
            probes.iter().any(|probe| bounds.min <= probe.range.high && bounds.max >= probe.range.low)
        };
        let groups = self.groups.get(groups).unwrap_or_default();
        self.wants_all || groups.iter().any(|columns| columns.iter().zip(bounds).any(meets))
    }

    /// The same, with nothing learned, for another part of the rows.
    pub(crate) fn fork(&self) -> Self {
        let probe = |probe: &Probe| {
            let seen = match &probe.seen {
                Seen::Values(_) => Seen::Values(Vec::new()),
                Seen::Steps(scale, steps) => Seen::Steps(*scale, vec![0; steps.len()]),
            };
            Probe { range: probe.range, seen }
        };
        let groups =
            self.groups.iter().map(|columns| columns.each_ref().map(|probes| probes.iter().map(probe).collect()));
        Self { groups: groups.collect(), wants_all: self.wants_all }
    }

    /// Takes the values of both columns of some rows of a group.
    pub(crate) fn see(&mut self, group: usize, columns: [&[u64]; 2]) {
        let Some(probes) = self.groups.get_mut(group) else { return };
        for (probes, values) in probes.iter_mut().zip(columns) {
            probes.iter_mut().for_each(|probe| probe.see(values));
        }
    }

    /// Adds what another part of the same pass has learned of other rows.
    pub(crate) fn join(&mut self, other: Self) {
        for (probes, others) in self.groups.iter_mut().flatten().zip(other.groups.into_iter().flatten()) {
            for (probe, other) in probes.iter_mut().zip(others) {
                match (&mut probe.seen, other.seen) {
                    (Seen::Values(values), Seen::Values(mut more)) => values.append(&mut more),
                    (Seen::Steps(_, steps), Seen::Steps(_, more)) => {
                        steps.iter_mut().zip(more).for_each(|(step, more)| *step += more);
                    }
                    _ => unreachable!("parts of one pass learn the same"),
                }
            }
        }
    }
}

impl Probe {
    fn see(&mut self, values: &[u64]) {
        let Range { low, high } = self.range;
        let within = values.iter().map(|value| value.wrapping_sub(low)).filter(|above| *above <= high - low);
        match &mut self.seen {
            Seen::Values(seen) => seen.extend(within.map(|above| low + above)),
            Seen::Steps(Scale::Equal(shift), steps) => {
                within.for_each(|above| count(steps, Scale::Equal(*shift).step(above)));
            }
            Seen::Steps(scale, steps) => within.for_each(|above| count(steps, scale.step(above))),
        }
    }
}

#[inline]
fn count(steps: &mut [u64], step: usize) {
    if let Some(step) = steps.get_mut(step) {
        *step += 1;
    }
}

impl Scale {
    /// About two to the power of `bits` steps of a range.
    fn of(range: Range, bits: u32, grows: bool) -> Self {
        let needed = u64::BITS - (range.high - range.low).leading_zeros();
        if !grows || needed <= bits {
            return Self::Equal(needed.saturating_sub(bits));
        }
        // There are `needed` powers of two, and each has the same number of steps.
        Self::Growing((bits - needed.ilog2().min(bits)).clamp(1, GROWING_BITS_MAX))
    }

    /// The step of a distance from the low end.
    #[inline]
    fn step(self, above: u64) -> usize {
        match self {
            Self::Equal(shift) => wide(above >> shift),
            Self::Growing(bits) => {
                // The highest bit and `bits` bits after it; distances without that many bits have a step each.
                let power = (u64::BITS - 1 - (above | 1).leading_zeros()).saturating_sub(bits);
                wide((u64::from(power) << bits) + (above >> power))
            }
        }
    }

    /// The first and the last distance of a step.
    fn bounds(self, step: usize) -> (u64, u64) {
        let step = step as u64;
        match self {
            Self::Equal(shift) => (step << shift, (step << shift) + ((1 << shift) - 1)),
            Self::Growing(bits) => {
                let power = (step >> bits).saturating_sub(1);
                let first = (step - (power << bits)) << power;
                (first, first + ((1 << power) - 1))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(groups: &[Vec<[u64; 2]>], gather_max: u64) -> usize {
        let mut passes = 0;
        let bounds = [0, 1].map(|column| {
            let of = groups.iter().flatten().map(|values| values[column]);
            Range { low: of.clone().min().unwrap_or(0), high: of.max().unwrap_or(0) }
        });
        let counts: Vec<u64> = groups.iter().map(|group| group.len() as u64).collect();
        let mut search = Search::new(&counts, bounds, gather_max);
        while let Some(pass) = search.pass() {
            passes += 1;
            // Two parts of the rows are read apart, as threads do.
            let mut halves = [pass.fork(), pass];
            for (number, group) in groups.iter().enumerate() {
                for (at, values) in group.iter().enumerate() {
                    halves[at % 2].see(number, values.each_ref().map(std::slice::from_ref));
                }
            }
            let [mut all, other] = halves;
            all.join(other);
            search.learn(all);
        }
        for (group, found) in groups.iter().zip(search.found()) {
            assert_eq!(found.is_some(), !group.is_empty());
            for (column, found) in found.into_iter().flatten().enumerate() {
                let mut sorted: Vec<u64> = group.iter().map(|values| values[column]).collect();
                sorted.sort_unstable();
                let ranks = Quantiles::ranks(group.len() as u64);
                assert_eq!(found, Quantiles::at_ranks(ranks.map(|rank| sorted[rank as usize - 1])));
            }
        }
        passes
    }

    proptest! {
        #[test]
        fn few_values(
            groups in prop::collection::vec(prop::collection::vec(any::<[u64; 2]>(), 0..300), 1..5),
            down in 0u32..64,
            gather_max in prop_oneof![Just(0), 1u64..1000],
        ) {
            let value = |[a, b]: &[u64; 2]| [a >> down, b % 5];
            check(&groups.iter().map(|group| group.iter().map(value).collect()).collect::<Vec<_>>(), gather_max);
        }

        #[test]
        fn a_step_has_the_distances_within_its_bounds(above: u64, down in 0u32..64, bits in 1u32..15) {
            let above = above >> down;
            for scale in [Scale::Growing(bits), Scale::Equal(down)] {
                let step = scale.step(above);
                let (first, last) = scale.bounds(step);
                prop_assert!((first..=last).contains(&above), "{scale:?}: {above} in {first} to {last}");
                prop_assert_eq!((scale.step(first), scale.step(last)), (step, step));
                prop_assert!(first == 0 || scale.step(first - 1) + 1 == step);
            }
        }
    }

    #[test]
    fn many_values_take_few_passes() {
        let spread = |at: u64| at.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let many =
            |one: fn(u64) -> u64| vec![(0..60_000).map(|at| [one(spread(at)), spread(at) % 7]).collect::<Vec<_>>()];
        let passes = |one: fn(u64) -> u64| check(&many(one), 1 << 14);
        assert!(passes(|bits| bits) <= 3);
        assert!(passes(|bits| bits >> 40) <= 3);
        // Nearly all of them close together, and one far away.
        assert!(passes(|bits| if bits < 1 << 48 { u64::MAX } else { bits >> 40 }) <= 3);
        assert!(passes(|bits| 5 + bits % 2) <= 1);
        assert!(passes(|_| 5) <= 1);
        assert_eq!(check(&many(|bits| bits), u64::MAX), 1);
    }
}
