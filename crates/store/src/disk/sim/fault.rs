//! What a simulated disk does at one of its operations instead of working, and when.

use std::io;

/// What happens at an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The power goes: the operation happens in an unknown part, every later one fails.
    Cut,
    /// The operation reports an error; a write leaves a part of its bytes, a sync loses what was not durable while
    /// later syncs of that file report success (as some systems do).
    Error,
    /// As `Error`, because there is no space left, which goes on for so `many` more operations that need some.
    Full {
        /// Operations until there is room again.
        many: u64,
    },
}

/// A kind of operation that changes anything or makes anything durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// Bytes at the end of a file.
    Write,
    /// The bytes of a file.
    Sync,
    /// The names of a folder.
    SyncFolder,
    /// A new file.
    Create,
    /// A new name for a file.
    Rename,
    /// A file.
    Remove,
    /// A new folder.
    MakeFolder,
    /// A folder.
    RemoveFolder,
}

/// A fault that struck.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strike {
    /// The operation's number, counted from 0.
    pub number: u64,
    /// What was to be done.
    pub operation: Operation,
    /// To which path, as it was when a file was created; of a rename, the old one.
    pub path: String,
    /// What happened instead.
    pub fault: Fault,
}

/// A fault yet to come.
#[derive(Clone, Debug)]
pub(super) enum Plan {
    /// At the operation with this number.
    At(u64, Fault),
    /// At one of these operations, after a number of others of them.
    Among(Vec<Operation>, u64, Fault),
}

impl Plan {
    /// The fault that strikes at this operation.
    pub(super) fn strikes(&mut self, number: u64, operation: Operation) -> Option<Fault> {
        match self {
            Plan::At(at, fault) => (*at == number).then_some(*fault),
            Plan::Among(operations, left, fault) if operations.contains(&operation) => {
                let is_now = *left == 0;
                *left = left.saturating_sub(1);
                is_now.then_some(*fault)
            }
            Plan::Among(..) => None,
        }
    }
}

impl Operation {
    /// Whether a full disk refuses it.
    pub(super) fn needs_space(self) -> bool {
        matches!(self, Operation::Write | Operation::Create | Operation::MakeFolder)
    }
}

impl Fault {
    pub(super) fn error(self) -> io::Error {
        match self {
            Fault::Cut => io::Error::other("the power is gone"),
            Fault::Error => io::Error::other("simulated failure"),
            Fault::Full { .. } => io::ErrorKind::StorageFull.into(),
        }
    }
}
