//! The functions that have run.

use serde::{Deserialize, Serialize};

use super::filter::target;
use super::{Cost, RunFilter, RunWindow, Watermark};
use crate::{Client, Error};

/// The functions that the key may read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Functions {
    /// The functions.
    pub functions: Vec<Function>,
    /// How many functions are in the list.
    pub total: u64,
    /// The window of starts; open at both ends.
    pub window: RunWindow,
    /// The data that the answer could see.
    pub watermark: Watermark,
    /// What the answer cost the server.
    pub cost: Cost,
}

/// A function. It exists from its first run on, even after its runs were removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Function {
    /// The region.
    pub region: String,
    /// The namespace.
    pub namespace: String,
    /// The function.
    pub function: String,
    /// Its versions and aliases.
    pub qualifiers: Vec<String>,
    /// The earliest start of all runs ever accepted, in Unix milliseconds.
    pub first_start_ms: i64,
    /// The latest start of all runs ever accepted, in Unix milliseconds.
    pub last_start_ms: i64,
}

impl Client {
    /// The functions that the key may read. `within` may name a function, a namespace and a region, and nothing else.
    ///
    /// # Errors
    /// As [`Client::runs`].
    pub fn functions(&self, within: &RunFilter) -> Result<Functions, Error> {
        self.get(&target("functions", within, &[]))
    }
}
