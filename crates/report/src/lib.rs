//! Reports: what the finished runs of a window say about memory, cold starts, cost and speed, each with a decision.
//!
//! Everything is computed of all finished runs of one moment, as a [`Source`] gives them: nothing is sampled. A report
//! is figures, a table, decisions in plain words, and what the data could not tell. Showing them is for the caller.

mod cold;
mod compare;
mod cost;
mod findings;
mod memory;
mod platform;
mod slow;
mod source;
mod stats;
pub mod units;

pub use cold::cold;
pub use compare::{Side, compare};
pub use cost::{Prices, cost};
pub use findings::Findings;
pub use memory::{Sizing, memory};
pub use slow::{Judge, slow};
pub use source::{Name, Run, Source, Version, Window};
