//! A store answers as the reference engine does, on random histories, through every flush, merge and restart.

mod common;

use common::{Pair, Step, tiny};
use proptest::prelude::*;
use runlog_core::Query;

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

    #[test]
    fn a_frozen_answer_is_the_same_later(numbers in prop::collection::vec(any::<u64>(), 1..120)) {
        let mut pair = Pair::new(tiny());
        let mut frozen = Vec::new();
        for number in numbers {
            let step = Step::of(number);
            if let Step::Query(query) = &step {
                let query = Query { as_of: Some(pair.store().stats().last_seq), ..(**query).clone() };
                frozen.push((pair.store().query(&query).unwrap(), query));
            }
            pair.step(&step);
        }
        for (before, query) in frozen {
            let now = pair.store().query(&query).unwrap();
            // What retention removes is missing from then on; the answer says so.
            if now.watermark.retained_from_ms != before.watermark.retained_from_ms {
                continue;
            }
            prop_assert_eq!((now.rows, now.total, now.next), (before.rows, before.total, before.next));
            prop_assert_eq!(now.histogram, before.histogram);
            prop_assert_eq!((now.facets, now.percentiles), (before.facets, before.percentiles));
        }
    }
}
