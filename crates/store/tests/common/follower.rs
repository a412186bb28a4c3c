//! Somebody who follows a store through its accidents: whatever is cut off, he resumes, and proves that he missed
//! nothing.

use std::time::Duration;

use runlog_core::{Retained, Run, TailEvent, TailFilter};
use runlog_store::Subscription;

use super::world::World;
use super::{Random, query};

pub struct Follower {
    filter: TailFilter,
    /// None while he is cut off.
    tail: Option<Subscription>,
    /// The last event's number, or the one that he began after.
    last: u64,
    /// Up to where he was told that reports may be missing, since he began or resumed.
    told_to: u64,
    /// Whether he resumes from the place that he had read up to, which is at or after the last event.
    from_place: bool,
}

impl Follower {
    /// His tail ends.
    pub fn interrupt(&mut self) {
        if let Some(tail) = self.tail.take().filter(|_| self.from_place) {
            self.last = tail.position();
        }
        self.told_to = 0;
    }
}

impl World {
    /// Somebody begins to follow, from some number or from now.
    pub fn follow(&mut self, random: &mut Random) {
        let query = query(random);
        let filter = TailFilter { scope: query.scope, result: query.result, keyword: query.keyword };
        let last_seq = self.last_seq();
        let last = if random.chance(3) { last_seq } else { random.below(last_seq + 1) };
        let from = if last == last_seq && random.chance(2) { None } else { Some(last) };
        let tail = Some(self.store().subscribe(from, filter.clone()).unwrap());
        let from_place = random.chance(2);
        self.followers.push(Follower { filter, tail, last, told_to: 0, from_place });
    }

    /// A follower reads some events, or all; resumes before if he was cut off, and sometimes anyway.
    pub fn read_on(&mut self, random: &mut Random) {
        if self.followers.is_empty() || self.disk.is_cut() {
            return;
        }
        let at = random.below(self.followers.len() as u64) as usize;
        let mut follower = self.followers.swap_remove(at);
        if random.chance(4) {
            follower.interrupt();
        }
        if follower.tail.is_none() {
            if follower.last > self.store().stats().last_seq {
                // The rot of a log can take the last numbers with it, and then they are given again.
                assert!(!self.set_aside.is_empty() || self.store().health().torn_bytes > 0);
                return;
            }
            follower.tail = Some(self.store().subscribe(Some(follower.last), follower.filter.clone()).unwrap());
        }
        let max = random.pick(&[1, 4, usize::MAX]);
        self.read(&mut follower, max, random.chance(2));
        self.followers.push(follower);
    }

    fn read(&mut self, follower: &mut Follower, max: usize, in_batches: bool) {
        let Some(mut tail) = follower.tail.take() else { return };
        let last_seq = self.last_seq();
        let mut given = 0;
        while given < max && tail.position() < last_seq {
            let events = match in_batches {
                true => tail.next_batch(Duration::ZERO).unwrap(),
                false => tail.next(Duration::ZERO).unwrap().into_iter().collect(),
            };
            self.notice_damage();
            given += events.len();
            events.iter().for_each(|event| self.check_event(follower, event));
        }
        // Up to his place he has everything.
        let missed = self.naive.since(follower.last, &follower.filter);
        let place = tail.position();
        assert!(missed.iter().all(|event| event.row.seq > place), "{missed:?} missed up to {place}");
        let told_to = tail.gap().map_or(0, |gap| gap.to_seq).max(follower.told_to);
        self.check_told(follower, place + 1, told_to);
        follower.tail = Some(tail);
    }

    fn check_event(&self, follower: &mut Follower, event: &TailEvent) {
        let TailEvent { row, prev_matching_seq, gap } = event;
        assert!(row.seq > follower.last && *prev_matching_seq == follower.last, "the chain holds: {event:?}");
        let (run, _) = &self.accepted[&row.seq];
        assert_eq!(run, &row.run);
        assert!(follower.filter.matches(run), "{event:?}");
        let kept = self.naive.since(follower.last, &follower.filter);
        let first = kept.first().map_or(u64::MAX, |event| event.row.seq);
        assert!(first >= row.seq, "{first} is between {prev_matching_seq} and {}", row.seq);
        if let Some(gap) = gap {
            assert!(!gap.by_retention || self.naive.retained() != &Retained::default(), "{gap:?}");
            assert!(!gap.by_damage || self.is_rotten, "{gap:?}");
            follower.told_to = follower.told_to.max(gap.to_seq);
        }
        self.check_told(follower, row.seq, follower.told_to);
        follower.last = row.seq;
    }

    /// Whatever finished between the follower's last event and `before`, and is not kept any more, he was told of.
    fn check_told(&self, follower: &Follower, before: u64, told_to: u64) {
        let kept = self.naive.since(follower.last, &follower.filter);
        let is_kept = |seq: u64| kept.iter().any(|event| event.row.seq == seq);
        let between = self.accepted.range(follower.last + 1..before.max(follower.last + 1));
        // A guess is not kept once something else was heard.
        let is_final = |seq: &u64, run: &Run| !run.is_running() && !self.guesses.contains(seq);
        let matching = between.filter(|(seq, (run, _))| is_final(seq, run) && follower.filter.matches(run));
        for (seq, (run, _)) in matching {
            assert!(*seq <= told_to || is_kept(*seq), "{seq} is missing, told up to {told_to}: {run:?}");
        }
    }
}
