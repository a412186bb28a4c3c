//! What a power cut leaves of a simulated disk: everything durable, and of the rest what the seed chooses.

use super::{State, parent};

/// Bytes that a disk writes whole or not at all.
const PAGE_BYTES: [usize; 2] = [512, 4096];

impl State {
    /// Leaves what a power cut leaves.
    pub(super) fn survive(&mut self) {
        let names = self.surviving_names();
        for id in 0..self.nodes.len() {
            self.survive_bytes(id);
        }
        self.live = names.clone();
        self.durable = names;
        self.cut = false;
        self.plan = None;
    }

    /// Unsynced names, new, moved or removed, each by the coin.
    fn surviving_names(&mut self) -> std::collections::BTreeMap<String, usize> {
        let mut names = self.durable.clone();
        let changed: Vec<String> = self.live.keys().chain(self.durable.keys()).cloned().collect();
        for path in changed {
            let live = self.live.get(&path).copied();
            if live != self.durable.get(&path).copied() && self.random().is_multiple_of(2) {
                match live {
                    Some(id) => drop(names.insert(path, id)),
                    None => drop(names.remove(&path)),
                }
            }
        }
        // A rename is one step of a journal: a moved file has its old name or its new one.
        for id in self.durable.values().filter(|id| !self.nodes.get(**id).is_some_and(|node| node.is_dir)) {
            if let Some((path, _)) =
                self.live.iter().find(|(_, live)| *live == id && !names.values().any(|kept| kept == id))
            {
                names.insert(path.clone(), *id);
            }
        }
        // What was in a lost folder is lost too.
        let folders: Vec<String> = names.keys().cloned().collect();
        names.retain(|path, _| parent(path).is_empty() || folders.iter().any(|folder| folder == parent(path)));
        names
    }

    /// Of a file's unsynced bytes none, all, those at the front, or any pages; a page that did not come through is
    /// zeros where the length did.
    fn survive_bytes(&mut self, id: usize) {
        let (how, amount) = (self.random(), self.random());
        let Some(node) = self.nodes.get_mut(id) else { return };
        let (durable, unsynced) = (node.durable_len, node.live.len() - node.durable_len);
        let kept = match how % 6 {
            0 => 0,
            1 | 2 => unsynced,
            _ => (amount % (unsynced as u64 + 1)) as usize,
        };
        node.live.truncate(durable + kept);
        match how >> 32 & 3 {
            // The length came through and the bytes did not.
            0 => node.live.iter_mut().skip(durable + kept / 2).for_each(|byte| *byte = 0),
            1 | 2 => {
                let page = PAGE_BYTES[usize::from(how >> 40 & 3 == 0)];
                let is_lost = |at: usize| amount.rotate_left((at / page * 7 % 64) as u32) & 1 == 0;
                let mut lost = (durable..node.live.len()).map(is_lost);
                // Only bytes that are kept after a lost page differ from a file that ends early.
                let is_torn = lost.any(|lost| lost) && lost.any(|lost| !lost);
                let lost = node.live.iter_mut().enumerate().skip(durable).filter(|(at, _)| is_lost(*at));
                lost.for_each(|(_, byte)| *byte = 0);
                self.torn_files += u64::from(is_torn);
            }
            _ => {}
        }
        let Some(node) = self.nodes.get_mut(id) else { return };
        node.durable_len = node.live.len();
        node.sync_lies = false;
    }
}
