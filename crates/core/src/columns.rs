//! Which texts of a run a query wants.

use crate::run::Run;

/// The texts that the rows of an answer carry. One that is not wanted is empty there, and is not read for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Columns {
    /// [`Run::ret_msg`].
    pub ret_msg: bool,
    /// [`Run::log`].
    pub log: bool,
    /// [`Run::level`].
    pub level: bool,
    /// [`Run::source`].
    pub source: bool,
}

impl Columns {
    /// Whole runs.
    pub const ALL: Columns = Columns { ret_msg: true, log: true, level: true, source: true };

    /// Numbers and names alone.
    pub const NO_TEXTS: Columns = Columns { ret_msg: false, log: false, level: false, source: false };

    /// Whether any text is wanted.
    pub fn has_texts(self) -> bool {
        self != Self::NO_TEXTS
    }

    /// The run with the wanted texts alone.
    pub fn of(self, mut run: Run) -> Run {
        let texts = [
            (self.ret_msg, &mut run.ret_msg),
            (self.log, &mut run.log),
            (self.level, &mut run.level),
            (self.source, &mut run.source),
        ];
        texts.into_iter().filter(|(is_wanted, _)| !is_wanted).for_each(|(_, text)| *text = String::new());
        run
    }
}
