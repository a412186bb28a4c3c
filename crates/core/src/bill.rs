//! The billing rule.

/// Billed time in milliseconds: `duration_us` rounded up to the next multiple of `step_ms`.
///
/// A run that took no time at all costs nothing. A `step_ms` of 0 counts as 1.
pub fn billed_ms(duration_us: u64, step_ms: u64) -> u64 {
    let step_ms = step_ms.max(1);
    duration_us.div_ceil(1000).div_ceil(step_ms).saturating_mul(step_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_up_to_the_step() {
        for (duration_us, step_ms, expected) in [
            (532, 100, 100),
            (100_000, 100, 100),
            (100_001, 100, 200),
            (8_000, 1, 8),
            (0, 100, 0),
            (1, 0, 1),
            (u64::MAX, 1 << 40, u64::MAX),
        ] {
            let billed = billed_ms(duration_us, step_ms);
            if expected == u64::MAX {
                assert!(billed >= duration_us / 1000, "no overflow for {duration_us}");
            } else {
                assert_eq!(billed, expected, "{duration_us} us in steps of {step_ms} ms");
            }
        }
    }
}
