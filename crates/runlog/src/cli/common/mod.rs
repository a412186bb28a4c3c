//! What several commands share: how they fail, which server they ask, windows, units, texts and colours.

pub(super) mod choice;
pub(super) mod colour;
pub(super) mod deliver;
pub(super) mod failure;
pub(super) mod place;
pub(super) mod profiles;
pub(super) mod progress;
pub(super) mod server;
pub(super) mod target;
pub(super) mod text;
pub(super) mod units;
pub(super) mod window;
