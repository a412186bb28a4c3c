//! A store answers as the reference engine does, on random histories, through every flush, merge and restart.

mod common;

use common::{Pair, Step, tiny};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn equals_the_reference_engine(steps in prop::collection::vec(any::<u64>().prop_map(Step::of), 1..160)) {
        let mut pair = Pair::new(tiny());
        for step in &steps {
            pair.step(step);
        }
        pair.compare_all();
    }
}
