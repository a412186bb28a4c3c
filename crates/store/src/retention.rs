//! The rules of how long runs are kept, and what follows from them at a moment: pure functions.
//!
//! A day goes as a whole, once every run in it is too old; so a run is kept for its time and up to a day longer. What
//! went never comes back: when rules become more generous, data begins where it began until time has caught up.

use std::collections::{BTreeMap, BTreeSet};

use runlog_core::Retained;
use runlog_core::limits::DAY_MS;

use crate::partition::day_of;

/// How long runs are kept. The default keeps everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Days that runs of namespaces without a rule of their own are kept; `None`: forever.
    pub max_age_days: Option<u32>,
    /// Bytes of all segments together; while there are more, the oldest days go, today never. `None`: no bound.
    pub max_bytes: Option<u64>,
    /// Rules of namespaces, of any account.
    pub namespaces: BTreeMap<String, Keep>,
}

/// How long the runs of one namespace are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    /// Days; `None`: forever.
    pub max_age_days: Option<u32>,
    /// Bytes of segments, where a segment of several namespaces counts by its rows. `None`: no bound.
    pub max_bytes: Option<u64>,
}

/// Bytes of each namespace, by day.
pub(crate) type Sizes = BTreeMap<i64, BTreeMap<String, u64>>;

impl Retention {
    /// Where retained data is to begin, given where it began before.
    pub(crate) fn from(&self, before: &Retained, now_ms: i64, sizes: &Sizes) -> Retained {
        let today = day_of(now_ms);
        let totals = sizes.iter().map(|(day, sizes)| (*day, sizes.values().sum()));
        let for_all = from_bytes(self.max_bytes, totals, today);
        let default = from_age(self.max_age_days, now_ms).max(for_all);
        let names: BTreeSet<&String> = self.namespaces.keys().chain(before.namespaces.keys()).collect();
        let from = |name: &String| match self.namespaces.get(name) {
            None => default,
            Some(keep) => {
                let sizes = sizes.iter().map(|(day, sizes)| (*day, sizes.get(name).copied().unwrap_or(0)));
                from_age(keep.max_age_days, now_ms).max(from_bytes(keep.max_bytes, sizes, today)).max(for_all)
            }
        };
        Retained {
            default_from_ms: before.default_from_ms.max(default),
            namespaces: names.into_iter().map(|name| (name.clone(), before.from_ms(name).max(from(name)))).collect(),
        }
    }
}

impl Retention {
    /// Where data begins that a clock which was wrong had put into the future: by age alone, until the next removal.
    pub(crate) fn without_future(&self, before: &Retained, now_ms: i64) -> Retained {
        let past = |from_ms: i64, max_age_days| if from_ms > now_ms { from_age(max_age_days, now_ms) } else { from_ms };
        let age_of = |name: &String| self.namespaces.get(name).map_or(self.max_age_days, |keep| keep.max_age_days);
        Retained {
            default_from_ms: past(before.default_from_ms, self.max_age_days),
            namespaces: before
                .namespaces
                .iter()
                .map(|(name, from_ms)| (name.clone(), past(*from_ms, age_of(name))))
                .collect(),
        }
    }
}

/// The beginning of the first day that is not over for so long.
fn from_age(max_age_days: Option<u32>, now_ms: i64) -> i64 {
    let days_ms = max_age_days.map(|days| i64::from(days) * DAY_MS);
    days_ms.map_or(0, |days_ms| (day_of(now_ms.saturating_sub(days_ms)) * DAY_MS).max(0))
}

/// The beginning of the first day from which on everything fits.
fn from_bytes(max: Option<u64>, sizes: impl DoubleEndedIterator<Item = (i64, u64)>, today: i64) -> i64 {
    let Some(mut left) = max else { return 0 };
    for (day, bytes) in sizes.rev() {
        match left.checked_sub(bytes) {
            Some(rest) => left = rest,
            None if day >= today => left = 0,
            None => return (day + 1) * DAY_MS,
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 100 * DAY_MS + 1;

    fn sizes(days: &[(i64, u64)]) -> Sizes {
        days.iter().map(|(day, bytes)| (*day, BTreeMap::from([("a".to_owned(), *bytes)]))).collect()
    }

    #[test]
    fn a_day_goes_when_its_last_run_is_too_old() {
        let rules = Retention { max_age_days: Some(7), ..Retention::default() };
        let from = |now_ms| rules.from(&Retained::default(), now_ms, &Sizes::new()).default_from_ms / DAY_MS;
        assert_eq!([from(NOW_MS), from(101 * DAY_MS - 1), from(101 * DAY_MS), from(5)], [93, 93, 94, 0]);
    }

    #[test]
    fn the_oldest_days_go_when_there_are_too_many_bytes_and_today_never() {
        let days = [(90, 50), (98, 30), (99, 20), (100, 40), (101, 5)];
        for (max, from) in
            [(1000, 0), (145, 0), (144, 91), (95, 91), (94, 99), (65, 99), (64, 100), (45, 100), (1, 100)]
        {
            let rules = Retention { max_bytes: Some(max), ..Retention::default() };
            let retained = rules.from(&Retained::default(), NOW_MS, &sizes(&days));
            assert_eq!(retained.default_from_ms / DAY_MS, from, "{max}");
            let keep = Keep { max_bytes: Some(max), ..Keep::default() };
            let rules = Retention { namespaces: BTreeMap::from([("a".to_owned(), keep)]), ..Retention::default() };
            let retained = rules.from(&Retained::default(), NOW_MS, &sizes(&days));
            assert_eq!((retained.default_from_ms, retained.from_ms("a") / DAY_MS), (0, from), "{max}");
        }
    }

    #[test]
    fn data_never_begins_in_the_future() {
        let week = Retention { max_age_days: Some(7), ..Retention::default() };
        let keep = Keep { max_age_days: None, ..Keep::default() };
        let rules = Retention { namespaces: BTreeMap::from([("a".to_owned(), keep)]), ..week };
        let days = |default: i64, a: i64, b: i64| Retained {
            default_from_ms: default * DAY_MS,
            namespaces: [("a".to_owned(), a * DAY_MS), ("b".to_owned(), b * DAY_MS)].into(),
        };
        assert_eq!(rules.without_future(&days(470, 470, 470), NOW_MS), days(93, 0, 93));
        assert_eq!(rules.without_future(&days(100, 99, 20), NOW_MS), days(100, 99, 20), "no clock was wrong");
    }

    #[test]
    fn what_went_stays_gone_when_rules_change() {
        let week = Retention { max_age_days: Some(7), ..Retention::default() };
        let gone = week.from(&Retained::default(), NOW_MS, &Sizes::new());
        let keep = Keep { max_age_days: Some(30), ..Keep::default() };
        let month = Retention { namespaces: BTreeMap::from([("a".to_owned(), keep)]), ..Retention::default() };
        let after = month.from(&gone, NOW_MS + DAY_MS, &Sizes::new());
        assert_eq!([after.from_ms("a"), after.from_ms("b")].map(|from| from / DAY_MS), [93, 93]);
        let later = month.from(&after, NOW_MS + 40 * DAY_MS, &Sizes::new());
        assert_eq!([later.from_ms("a"), later.from_ms("b")].map(|from| from / DAY_MS), [110, 93]);
        // A namespace that loses its rule falls under the default one again.
        let again = week.from(&later, NOW_MS + 40 * DAY_MS, &Sizes::new());
        assert_eq!([again.from_ms("a"), again.from_ms("b")].map(|from| from / DAY_MS), [133, 133]);
    }
}
