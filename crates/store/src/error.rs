//! What can go wrong, for the caller: lower-case, each message says what to do.

use std::io;
use std::sync::Arc;

use crate::codec::Malformed;

/// Why the store did not do what it was asked.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The disk refused something.
    #[error("the disk failed to {doing}: {source}; check its space, rights and health, then try again")]
    Io {
        /// What was being done, such as `write wal/00000003.wal`.
        doing: String,
        /// What the disk said.
        source: Arc<io::Error>,
    },
    /// A write or sync failed earlier; what reached the disk is unknown until the store is opened again.
    #[error("the store refuses writes since it failed to {0}; check the disk, then restart to go on")]
    Poisoned(String),
    /// The store found something that only a mistake of its own can bring about.
    #[error("the store contradicts itself: {what}; restart it, and report this")]
    Inconsistent {
        /// What it found.
        what: &'static str,
    },
    /// Another process has the folder open.
    #[error("another process has the data folder open; stop it, or choose another folder")]
    Locked,
    /// A file is not as it was written. Its rows are missing from answers; the rest is served.
    #[error("{file} is damaged ({what}); restore it from a backup, or send its runs again")]
    Damaged {
        /// The file, relative to the data folder.
        file: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A file of a later version of the program.
    #[error("{file} has format version {found}, this program knows up to {known}; upgrade it to open this folder")]
    Version {
        /// The file, relative to the data folder.
        file: String,
        /// The version found.
        found: u32,
        /// The last version known.
        known: u32,
    },
    /// Flushing does not keep up, and the bounded wait for it is over. Nothing of the batch was stored.
    #[error("runs arrive faster than the disk takes them; try again in a second")]
    Busy,
    /// The batch has more runs than [`runlog_core::limits::BATCH_MAX_RUNS`].
    #[error("a batch of {runs} runs is over the limit of {max}; send it in parts")]
    BatchTooLarge {
        /// Its size.
        runs: usize,
        /// The limit.
        max: usize,
    },
    /// The texts of a batch are longer than can be queued at once.
    #[error("a batch with {bytes} bytes of text is over the limit of {max}; send it in parts")]
    BatchTooHeavy {
        /// Bytes of its texts.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// A folder has nothing of a store in it.
    #[error("there is no run data in {folder}; check the path")]
    NoData {
        /// The folder.
        folder: String,
    },
    /// A backup or restore was to go into a folder that has something in it.
    #[error("{folder} is not empty; choose a new folder")]
    NotEmpty {
        /// The folder.
        folder: String,
    },
    /// A backup or restore into this folder was cut short, so files are missing.
    #[error("a backup or restore into this folder was cut short; remove the folder and start it again")]
    Unfinished,
    /// The cursor was made under another order.
    #[error("the cursor belongs to another order; start again from the first page")]
    ForeignCursor,
    /// A histogram, facets or percentiles of more runs found by their texts than are remembered.
    #[error("more than {max} runs have the word, too many to sum up; ask for a shorter window or fewer functions")]
    TooManyToSumUp {
        /// The limit.
        max: usize,
    },
    /// A tail was to begin after a sequence number that was never given.
    #[error(
        "the store has accepted up to {last}, not {seq}: the number is another store's, or of a later copy of it; \
             begin the tail again without a number"
    )]
    UnknownSeq {
        /// The number that the tail was to begin after.
        seq: u64,
        /// The last number that was given.
        last: u64,
    },
    /// As many tails are open as may be.
    #[error("{max} tails are open, which is the limit; close one, or try again later")]
    TooManySubscribers {
        /// The limit.
        max: u32,
    },
    /// The store was closed while it was followed.
    #[error("the store is closed; open it again, and begin the tail after the last event that arrived")]
    Closed,
    /// The query asks for more than a limit allows.
    #[error(transparent)]
    Query(#[from] runlog_core::QueryError),
}

/// Results of this crate.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// What to poison the store with; it continues "it failed to".
    pub(crate) fn poison_text(&self) -> String {
        match self {
            Error::Io { doing, source } => format!("{doing}: {source}"),
            Error::Inconsistent { what } => format!("apply what it had logged: {what}"),
            other => other.to_string(),
        }
    }

    /// Says what a file is, when its bytes could not be read.
    pub(crate) fn damaged(file: &str) -> impl FnOnce(Malformed) -> Error + '_ {
        move |Malformed(what)| Error::Damaged { file: file.to_owned(), what }
    }
}

/// Adds what was being done to what the disk said.
pub(crate) trait Doing<T> {
    /// `doing` continues "the disk failed to".
    fn doing(self, doing: impl FnOnce() -> String) -> Result<T>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, doing: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|source| Error::Io { doing: doing(), source: Arc::new(source) })
    }
}
