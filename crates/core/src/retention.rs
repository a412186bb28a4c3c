//! Where retained data begins.

use std::collections::BTreeMap;

use crate::append::Refusal;
use crate::query::Scope;
use crate::run::Run;

/// From when on runs are kept, in Unix milliseconds: runs that started earlier are removed, and refused when they come.
/// 0 keeps everything. Every moment is the beginning of a day, UTC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retained {
    /// For namespaces that are not listed.
    pub default_from_ms: i64,
    /// For these namespaces, of any account.
    pub namespaces: BTreeMap<String, i64>,
}

impl Retained {
    /// From when on the runs of a namespace are kept.
    pub fn from_ms(&self, namespace: &str) -> i64 {
        self.namespaces.get(namespace).copied().unwrap_or(self.default_from_ms)
    }

    /// Whether a run of this namespace and start is kept.
    pub fn keeps(&self, namespace: &str, start_ms: i64) -> bool {
        self.from_ms(namespace) <= start_ms
    }

    /// An error when a run started too early to be kept.
    pub fn check(&self, run: &Run) -> Result<(), Refusal> {
        self.check_start(&run.stream.namespace, run.start_ms)
    }

    /// An error when a run of this namespace and start is not kept.
    ///
    /// # Errors
    /// [`Refusal::StartNotRetained`].
    pub fn check_start(&self, namespace: &str, start_ms: i64) -> Result<(), Refusal> {
        let retained_from_ms = self.from_ms(namespace);
        if retained_from_ms <= start_ms {
            Ok(())
        } else {
            Err(Refusal::StartNotRetained { start_ms, retained_from_ms })
        }
    }

    /// From when on nothing of a scope was removed; `None` when everything is kept.
    pub fn of_scope(&self, scope: &Scope) -> Option<i64> {
        let from_ms = match &scope.namespace {
            Some(namespace) => self.from_ms(namespace),
            None => self.namespaces.values().copied().fold(self.default_from_ms, i64::max),
        };
        (from_ms > 0).then_some(from_ms)
    }
}
