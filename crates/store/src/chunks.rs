//! A text that grows at its end, shared between its versions.
//!
//! Chunks are merged as they come so that each is at least as long as all after it together, about: appending n times
//! copies each byte some log2(n) times, and a version has some log2(n) chunks.

use std::sync::{Arc, OnceLock};

/// One version of the text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chunks {
    chunks: Vec<Arc<[u8]>>,
    bytes: usize,
    /// The whole, once somebody has asked for it.
    joined: OnceLock<Arc<[u8]>>,
}

impl Chunks {
    pub(crate) fn of(text: &[u8]) -> Self {
        Self::default().grown(text)
    }

    /// The next version, with more at its end.
    pub(crate) fn grown(&self, more: &[u8]) -> Self {
        let mut chunks = self.joined.get().map_or_else(|| self.chunks.clone(), |whole| vec![Arc::clone(whole)]);
        let mut tail = more.to_vec();
        while let Some(last) = chunks.pop_if(|last| last.len() <= tail.len()) {
            tail.splice(..0, last.iter().copied());
        }
        if !tail.is_empty() {
            chunks.push(tail.into());
        }
        Self { chunks, bytes: self.bytes + more.len(), joined: OnceLock::new() }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The parts of the text, in order.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &[u8]> {
        self.chunks.iter().map(|chunk| &**chunk)
    }

    /// The whole text, which is put together once for each version.
    pub(crate) fn whole(&self) -> &[u8] {
        match &self.chunks[..] {
            [] => &[],
            [one] => one,
            parts => self.joined.get_or_init(|| parts.concat().into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_grows_in_few_chunks_and_no_version_changes(parts: Vec<Vec<u8>>, asks: u64) {
            let mut versions = vec![Chunks::default()];
            for (at, part) in parts.iter().enumerate() {
                if asks >> (at % 64) & 1 == 1 {
                    versions[at].whole();
                }
                versions.push(versions[at].grown(part));
            }
            for (at, version) in versions.iter().enumerate() {
                let whole = parts[..at].concat();
                prop_assert_eq!(version.parts().collect::<Vec<_>>().concat(), &whole[..]);
                prop_assert_eq!((version.whole(), version.bytes()), (&whole[..], whole.len()));
                prop_assert!(version.chunks.len() <= whole.len().checked_ilog2().map_or(0, |log| log as usize + 1));
            }
        }
    }
}
