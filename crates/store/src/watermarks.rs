//! Watermarks of removed reports, so that a tail that resumes before one is told about the gap.
//!
//! Of each reason only the last removed sequence number is kept, for ever: reports up to it *may* be missing.

use runlog_core::TailGap;

use crate::codec::{Malformed, Reader, put_varint};

/// The last sequence numbers of removed reports; 0 where nothing was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Watermarks {
    /// Removed by retention. A segment that was removed in part counts with its last number.
    pub(crate) by_retention: u64,
    /// Lost in damaged files. If a file cannot be read at all, everything accepted until then counts.
    pub(crate) by_damage: u64,
}

impl Watermarks {
    /// Raises these watermarks to others.
    pub(crate) fn include(&mut self, other: Self) {
        self.by_retention = self.by_retention.max(other.by_retention);
        self.by_damage = self.by_damage.max(other.by_damage);
    }

    /// What a tail that was read up to `place` may lack, beside what it was told.
    pub(crate) fn gap(self, place: u64, told: Self) -> Option<TailGap> {
        let news = |seq: u64, told: u64| if seq > place && seq > told { seq } else { 0 };
        let (retention, damage) = (news(self.by_retention, told.by_retention), news(self.by_damage, told.by_damage));
        let to_seq = retention.max(damage);
        (to_seq > 0).then_some(TailGap { to_seq, by_retention: retention > 0, by_damage: damage > 0 })
    }

    pub(crate) fn put(self, out: &mut Vec<u8>) {
        put_varint(out, self.by_retention);
        put_varint(out, self.by_damage);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self { by_retention: reader.varint()?, by_damage: reader.varint()? })
    }
}
