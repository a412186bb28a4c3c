//! Segments: immutable files of finished runs, each of one day.

pub(crate) mod cache;
pub(crate) mod columns;
mod escape;
mod extent;
mod failed;
pub(crate) mod format;
pub(crate) mod ids;
pub(crate) mod keyword;
pub(crate) mod lookup;
mod output;
mod reader;
mod row;
pub(crate) mod scan;
pub(crate) mod text;
mod texts;
pub(crate) mod transfer;
pub(crate) mod verified;
mod verify;
pub(crate) mod words;
pub(crate) mod writer;
pub(crate) mod zones;

pub(crate) use cache::SharedTexts;
pub(crate) use reader::{Block, Segment};
pub(crate) use texts::TextCache;
