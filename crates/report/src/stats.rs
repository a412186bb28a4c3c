//! The statistics of the reports: nearest-rank percentiles, Mann-Whitney's test of two samples and Fisher's exact test
//! of two rates. Nothing is sampled or estimated but the normal limit of the first test, which takes eight values of
//! each side or more.

/// The fewest values of a sample for which the normal limit of Mann-Whitney's U is good.
pub(crate) const SAMPLE_MIN: usize = 8;

/// Percentiles and the largest of some values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Ranks {
    pub(crate) p50: u64,
    pub(crate) p95: u64,
    pub(crate) p99: u64,
    pub(crate) max: u64,
}

/// What a test of two samples says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Difference {
    /// How likely so large a difference is where there is none, both sides.
    pub(crate) p: f64,
    /// How likely a value of the second sample is larger than one of the first, ties counting half.
    pub(crate) superiority: f64,
}

/// Ranks of ascending values; `None` of no values. The `p`th percentile is at place `ceil(p * n / 100)`.
pub(crate) fn ranks(sorted: &[u64]) -> Option<Ranks> {
    let at = |p: usize| sorted.get((p * sorted.len()).div_ceil(100).max(1) - 1).copied();
    Some(Ranks { p50: at(50)?, p95: at(95)?, p99: at(99)?, max: at(100)? })
}

/// Mann-Whitney's U test of two ascending samples, two-sided, by the normal limit with corrections for ties and
/// continuity. `None` when a sample has fewer than [`SAMPLE_MIN`] values.
pub(crate) fn mann_whitney(a: &[u64], b: &[u64]) -> Option<Difference> {
    if a.len() < SAMPLE_MIN || b.len() < SAMPLE_MIN {
        return None;
    }
    let (mut at_a, mut at_b, mut ranked) = (0, 0, 0.0_f64);
    let (mut rank_sum_b, mut ties) = (0.0_f64, 0.0_f64);
    while at_a < a.len() || at_b < b.len() {
        let next = [a.get(at_a), b.get(at_b)].into_iter().flatten().min().copied();
        let run = |sample: &[u64], from: usize| {
            sample.get(from..).unwrap_or_default().iter().take_while(|value| Some(**value) == next).count()
        };
        let (of_a, of_b) = (run(a, at_a), run(b, at_b));
        let equal = (of_a + of_b) as f64;
        // Equal values share the mean of their ranks.
        rank_sum_b += of_b as f64 * (ranked + (equal + 1.0) / 2.0);
        ties += equal * equal * equal - equal;
        ranked += equal;
        (at_a, at_b) = (at_a + of_a, at_b + of_b);
    }
    let (of_a, of_b) = (a.len() as f64, b.len() as f64);
    let u = rank_sum_b - of_b * (of_b + 1.0) / 2.0;
    let all = of_a + of_b;
    let variance = of_a * of_b / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)));
    let distance = ((u - of_a * of_b / 2.0).abs() - 0.5).max(0.0);
    let p = if variance > 0.0 { libm::erfc(distance / variance.sqrt() / std::f64::consts::SQRT_2) } else { 1.0 };
    Some(Difference { p: p.min(1.0), superiority: u / (of_a * of_b) })
}

/// Fisher's exact test, two-sided: how likely tables at least as uneven as this one are where both rates are the same.
/// Of each side, how many failed and how many there are.
pub(crate) fn fisher((failed_a, of_a): (u64, u64), (failed_b, of_b): (u64, u64)) -> f64 {
    let (failed, all) = (failed_a + failed_b, of_a + of_b);
    let choose = |n: u64, k: u64| ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k);
    let whole = choose(all, failed);
    let likelihood = |in_a: u64| choose(of_a, in_a) + choose(of_b, failed - in_a) - whole;
    // Tables that are equally likely differ in the last digits.
    let observed = likelihood(failed_a) + 1e-7;
    let (least, most) = (failed.saturating_sub(of_b), failed.min(of_a));
    let sum: f64 = (least..=most).map(likelihood).filter(|ln| *ln <= observed).map(f64::exp).sum();
    sum.min(1.0)
}

/// The natural logarithm of `n!`.
fn ln_factorial(n: u64) -> f64 {
    libm::lgamma(n as f64 + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1e-3), "{found} is not {expected}");
    }

    #[test]
    fn percentiles_are_values_that_occur() {
        assert_eq!(ranks(&[]), None);
        assert_eq!(ranks(&[7]), Some(Ranks { p50: 7, p95: 7, p99: 7, max: 7 }));
        let values: Vec<u64> = (1..=200).collect();
        assert_eq!(ranks(&values), Some(Ranks { p50: 100, p95: 190, p99: 198, max: 200 }));
    }

    /// "The lady tasting tea": Fisher's own table gives 17/35; the convict twins 0.000537 (R's `fisher.test`).
    #[test]
    fn fishers_own_examples() {
        close(fisher((3, 4), (1, 4)), 17.0 / 35.0);
        let twins = fisher((2, 17), (10, 13));
        assert!((twins - 0.000_536_7).abs() < 1e-6, "{twins}");
        close(fisher((0, 10), (0, 20)), 1.0);
        close(fisher((0, 0), (3, 3)), 1.0);
    }

    #[test]
    fn two_samples_by_hand() {
        let a: Vec<u64> = (1..=10).collect();
        let b: Vec<u64> = (11..=20).collect();
        let found = mann_whitney(&a, &b).unwrap();
        // U = 100 of 100, mean 50, variance 175: z = 49.5 / sqrt(175) = 3.741855.
        close(found.superiority, 1.0);
        assert!((found.p - 0.000_182_671_795).abs() < 1e-9, "{}", found.p);
        // The other way round is the same difference.
        let back = mann_whitney(&b, &a).unwrap();
        close(back.p, found.p);
        close(back.superiority, 0.0);
    }

    #[test]
    fn ties_share_their_ranks() {
        let same = [5; 9];
        assert_eq!(mann_whitney(&same, &same), Some(Difference { p: 1.0, superiority: 0.5 }));
        // Ranks by hand: the ones have 1 to 6, whose mean is 3.5, the twos 7 to 16, whose mean is 11.5.
        let a = [1, 1, 1, 1, 2, 2, 2, 2];
        let b = [1, 1, 2, 2, 2, 2, 2, 2];
        let found = mann_whitney(&a, &b).unwrap();
        let u = 2.0 * 3.5 + 6.0 * 11.5 - 36.0;
        close(found.superiority, u / 64.0);
        let variance = 64.0 / 12.0 * (17.0 - (210.0 + 990.0) / 240.0);
        close(found.p, libm::erfc((u - 32.0 - 0.5) / f64::sqrt(variance) / std::f64::consts::SQRT_2));
    }

    #[test]
    fn too_few_values_say_nothing() {
        assert_eq!(mann_whitney(&[1; 7], &[2; 100]), None);
    }

    /// Under no difference, p is below 5 % about as often as that says.
    #[test]
    fn a_test_of_the_test() {
        let mut state = 7_u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state >> 40
        };
        let mut rejected = 0;
        for _ in 0..2_000 {
            let mut sample = || {
                let mut values: Vec<u64> = (0..30).map(|_| next()).collect();
                values.sort_unstable();
                values
            };
            rejected += usize::from(mann_whitney(&sample(), &sample()).is_some_and(|found| found.p < 0.05));
        }
        assert!((60..140).contains(&rejected), "{rejected} of 2,000 at 5 %");
    }
}
