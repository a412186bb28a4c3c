//! Tries common mistakes, singly and in pairs.

use crate::kind::Kind;
use crate::shown::Shown;

/// A mistake that a sender may have made: `apply` changes what is signed.
pub(crate) struct Guess<T> {
    pub(crate) kind: Kind,
    /// What the server signs here.
    pub(crate) expected: Shown,
    /// What the sender would have signed.
    pub(crate) found: Shown,
    pub(crate) apply: Box<dyn Fn(&mut T)>,
}

impl<T> Guess<T> {
    pub(crate) fn new(
        kind: Kind,
        expected: impl Into<Shown>,
        found: impl Into<Shown>,
        apply: impl Fn(&mut T) + 'static,
    ) -> Self {
        Self { kind, expected: expected.into(), found: found.into(), apply: Box::new(apply) }
    }
}

/// The fewest guesses that make `fits` true, the earliest step first. A pair is of two different kinds.
pub(crate) fn explain<'g, T: Clone>(
    base: &T,
    guesses: &'g [Guess<T>],
    fits: impl Fn(&T) -> bool,
) -> Option<Vec<&'g Guess<T>>> {
    for guess in guesses {
        let mut tried = base.clone();
        (guess.apply)(&mut tried);
        if fits(&tried) {
            return Some(vec![guess]);
        }
    }
    for (at, first) in guesses.iter().enumerate() {
        let mut once = base.clone();
        (first.apply)(&mut once);
        for second in guesses.iter().skip(at + 1).filter(|second| second.kind != first.kind) {
            let mut twice = once.clone();
            (second.apply)(&mut twice);
            if fits(&twice) {
                let mut both = vec![first, second];
                both.sort_by_key(|guess| guess.kind);
                return Some(both);
            }
        }
    }
    None
}
