//! What several commands share: how they fail, which server they ask, windows, units, tables, words
//! for people and colours.

pub(super) mod choice;
pub(super) mod colour;
pub(super) mod deliver;
pub(super) mod failure;
pub(super) mod place;
pub(super) mod profiles;
pub(super) mod progress;
pub(super) mod say;
pub(super) mod server;
pub(super) mod table;
pub(super) mod target;
pub(super) mod text;
pub(in crate::cli) use runlog_report::units;
pub(super) mod window;
