//! A disk in memory that can crash, fail, fill up and rot, by seed and by count: for tests.
//!
//! Every file and name has a *live* image, which reads see, and a *durable* one, which a power cut leaves. Each
//! operation that changes anything is counted. [`SimDisk::power_cut`] makes the disk that comes up afterwards: durable
//! bytes are there, unsynced ones in a part that the seed chooses (a front, or any pages), unsynced names (new, moved,
//! removed) by its coin.

mod fault;
mod survive;

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fault::Plan;
pub use fault::{Fault, Operation, Strike};

use super::{Disk, DiskFile, Entry, Map};

/// A disk in memory. Clones are the same disk.
#[derive(Clone, Debug, Default)]
pub struct SimDisk {
    state: Arc<Mutex<State>>,
}

#[derive(Clone, Debug, Default)]
struct State {
    nodes: Vec<Node>,
    live: BTreeMap<String, usize>,
    durable: BTreeMap<String, usize>,
    operations: u64,
    plan: Option<Plan>,
    strikes: Vec<Strike>,
    /// Operations that need space and fail until there is room again.
    full: u64,
    torn_files: u64,
    cut: bool,
    seed: u64,
}

#[derive(Clone, Debug, Default)]
struct Node {
    is_dir: bool,
    live: Vec<u8>,
    /// How many bytes at the front of `live` a power cut leaves for certain.
    durable_len: usize,
    /// A sync failed: later ones report success and do nothing.
    sync_lies: bool,
}

impl SimDisk {
    /// An empty disk whose accidents follow from `seed`.
    pub fn new(seed: u64) -> Self {
        let disk = Self::default();
        disk.lock().seed = seed;
        disk
    }

    /// Operations so far that changed anything or made anything durable.
    pub fn operations(&self) -> u64 {
        self.lock().operations
    }

    /// Faults injected so far.
    pub fn faults(&self) -> u64 {
        self.lock().strikes.len() as u64
    }

    /// The faults injected so far.
    pub fn strikes(&self) -> Vec<Strike> {
        self.lock().strikes.clone()
    }

    /// Files of which power cuts lost a page and kept a later one.
    pub fn torn_files(&self) -> u64 {
        self.lock().torn_files
    }

    /// Injects a fault at the operation with this number, counted from 0.
    pub fn fail_at(&self, operation: u64, fault: Fault) {
        self.lock().plan = Some(Plan::At(operation, fault));
    }

    /// Injects a fault at one of these operations, after a number of others of them from now on.
    pub fn fail_among(&self, operations: &[Operation], skip: u64, fault: Fault) {
        self.lock().plan = Some(Plan::Among(operations.to_vec(), skip, fault));
    }

    /// Injects no fault that has not struck yet.
    pub fn fail_no_more(&self) {
        self.lock().plan = None;
    }

    /// Whether there is no space left.
    pub fn is_full(&self) -> bool {
        self.lock().full > 0
    }

    /// Whether the power is gone.
    pub fn is_cut(&self) -> bool {
        self.lock().cut
    }

    /// The disk as it comes up after the power went now.
    pub fn power_cut(&self) -> SimDisk {
        let mut state = self.lock();
        state.cut = true;
        let mut after = state.clone();
        after.survive();
        SimDisk { state: Arc::new(Mutex::new(after)) }
    }

    /// The disk as another process finds it when this one died and the power stayed. A fault yet to come stays.
    pub fn process_death(&self) -> SimDisk {
        let mut state = self.lock();
        let mut after = state.clone();
        state.cut = true;
        after.cut = false;
        SimDisk { state: Arc::new(Mutex::new(after)) }
    }

    /// A second disk with the same content.
    pub fn copy(&self) -> SimDisk {
        SimDisk { state: Arc::new(Mutex::new(self.lock().clone())) }
    }

    /// Every file with its length.
    pub fn files(&self) -> Vec<(String, usize)> {
        let state = self.lock();
        let files = state.live.iter().filter_map(|(path, &id)| Some((path.clone(), state.nodes.get(id)?)));
        files.filter(|(_, node)| !node.is_dir).map(|(path, node)| (path, node.live.len())).collect()
    }

    /// A file's bytes; none when there is no such file.
    pub fn content(&self, path: &str) -> Vec<u8> {
        self.lock().file(path).map(|node| node.live.clone()).unwrap_or_default()
    }

    /// Changes one byte of a file.
    pub fn flip(&self, path: &str, at: usize, mask: u8) {
        let mut state = self.lock();
        if let Some(byte) = state.file(path).ok().and_then(|node| node.live.get_mut(at)) {
            *byte ^= mask;
        }
    }

    /// Cuts a file to a length.
    pub fn truncate(&self, path: &str, len: usize) {
        let mut state = self.lock();
        if let Ok(node) = state.file(path) {
            node.live.truncate(len);
            node.durable_len = node.durable_len.min(len);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the disk decided to do with an operation.
enum Verdict {
    Work,
    /// Fail, after this many of 256 parts of the work.
    Fail(io::Error, u8),
}

impl State {
    fn random(&mut self) -> u64 {
        // splitmix64
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn begin(&mut self, operation: Operation, path: &str) -> Verdict {
        if self.cut {
            return Verdict::Fail(Fault::Cut.error(), 0);
        }
        let number = self.operations;
        self.operations += 1;
        let fault = if self.full > 0 && operation.needs_space() {
            self.full -= 1;
            Fault::Full { many: 0 }
        } else {
            let planned = self.plan.as_mut().and_then(|plan| plan.strikes(number, operation));
            let Some(fault) = planned else { return Verdict::Work };
            self.plan = None;
            self.strikes.push(Strike { number, operation, path: path.to_owned(), fault });
            match fault {
                Fault::Cut => self.cut = true,
                Fault::Full { many } => self.full = many,
                Fault::Error => {}
            }
            fault
        };
        // Nothing, everything and parts are all worth testing.
        let random = self.random();
        let part = match random % 4 {
            0 => 0,
            1 => 255,
            _ => (random >> 8) as u8,
        };
        Verdict::Fail(fault.error(), part)
    }

    /// An operation that happens whole or not at all.
    fn whole(
        &mut self,
        operation: Operation,
        path: &str,
        work: impl FnOnce(&mut State) -> io::Result<()>,
    ) -> io::Result<()> {
        match self.begin(operation, path) {
            Verdict::Work => work(self),
            Verdict::Fail(error, part) => {
                if part >= 128 {
                    work(self)?;
                }
                Err(error)
            }
        }
    }

    fn file(&mut self, path: &str) -> io::Result<&mut Node> {
        let id = self.live.get(path).copied().ok_or(io::ErrorKind::NotFound)?;
        self.nodes.get_mut(id).filter(|node| !node.is_dir).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn add(&mut self, path: &str, is_dir: bool) -> usize {
        let id = self.nodes.len();
        self.nodes.push(Node { is_dir, ..Node::default() });
        self.live.insert(path.to_owned(), id);
        id
    }

    fn sync(&mut self, id: usize, path: &str) -> io::Result<()> {
        let verdict = self.begin(Operation::Sync, path);
        let Some(node) = self.nodes.get_mut(id) else { return Err(io::ErrorKind::NotFound.into()) };
        match verdict {
            Verdict::Work => {
                if !node.sync_lies {
                    node.durable_len = node.live.len();
                }
                Ok(())
            }
            Verdict::Fail(error, part) => {
                let unsynced = node.live.len() - node.durable_len;
                node.durable_len += unsynced * usize::from(part) / 255;
                node.sync_lies = true;
                Err(error)
            }
        }
    }

    fn sync_dir(&mut self, dir: &str) -> io::Result<()> {
        self.whole(Operation::SyncFolder, dir, |state| {
            if !dir.is_empty() && !state.live.contains_key(dir) {
                return Err(io::ErrorKind::NotFound.into());
            }
            state.durable.retain(|path, _| parent(path) != dir);
            let entries = state.live.iter().filter(|(path, _)| parent(path) == dir);
            state.durable.extend(entries.map(|(path, id)| (path.clone(), *id)));
            Ok(())
        })
    }
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

impl Disk for SimDisk {
    fn create(&self, path: &str) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.lock();
        let folder = parent(path);
        if !folder.is_empty() && !state.live.contains_key(folder) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let mut id = 0;
        state.whole(Operation::Create, path, |state| {
            id = state.add(path, false);
            Ok(())
        })?;
        Ok(Box::new(SimFile { disk: self.clone(), id, path: path.to_owned() }))
    }

    fn map(&self, path: &str) -> io::Result<Map> {
        let mut state = self.lock();
        if state.cut {
            return Err(io::Error::other("the power is gone"));
        }
        state.file(path).map(|node| Map::owned(node.live.as_slice()))
    }

    fn sync_dir(&self, path: &str) -> io::Result<()> {
        self.lock().sync_dir(path)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.lock().whole(Operation::Rename, from, |state| {
            let id = state.live.remove(from).ok_or(io::ErrorKind::NotFound)?;
            state.live.insert(to.to_owned(), id);
            Ok(())
        })
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        let gone = |state: &mut State| state.live.remove(path).map(drop).ok_or_else(|| io::ErrorKind::NotFound.into());
        self.lock().whole(Operation::Remove, path, gone)
    }

    fn create_dir(&self, path: &str) -> io::Result<()> {
        let mut state = self.lock();
        if state.live.contains_key(path) {
            return Ok(());
        }
        state.whole(Operation::MakeFolder, path, |state| {
            state.add(path, true);
            Ok(())
        })
    }

    fn remove_dir(&self, path: &str) -> io::Result<()> {
        self.lock().whole(Operation::RemoveFolder, path, |state| {
            if state.live.keys().any(|entry| parent(entry) == path) {
                return Err(io::ErrorKind::DirectoryNotEmpty.into());
            }
            state.live.remove(path).map(drop).ok_or_else(|| io::ErrorKind::NotFound.into())
        })
    }

    fn list(&self, path: &str) -> io::Result<Vec<Entry>> {
        let state = self.lock();
        if state.cut {
            return Err(io::Error::other("the power is gone"));
        }
        let inside = state.live.iter().filter(|(entry, _)| parent(entry) == path && !entry.is_empty());
        let entries = inside.filter_map(|(entry, &id)| {
            let node = state.nodes.get(id)?;
            let name = entry.rsplit_once('/').map_or(entry.as_str(), |(_, name)| name).to_owned();
            Some(Entry { name, is_dir: node.is_dir, len: node.live.len() as u64 })
        });
        Ok(entries.collect())
    }
}

struct SimFile {
    disk: SimDisk,
    id: usize,
    path: String,
}

impl DiskFile for SimFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.disk.lock();
        let verdict = state.begin(Operation::Write, &self.path);
        let Some(node) = state.nodes.get_mut(self.id) else { return Err(io::ErrorKind::NotFound.into()) };
        match verdict {
            Verdict::Work => {
                node.live.extend_from_slice(bytes);
                Ok(())
            }
            Verdict::Fail(error, part) => {
                let kept = bytes.len() * usize::from(part) / 255;
                node.live.extend(bytes.iter().take(kept));
                Err(error)
            }
        }
    }

    fn sync(&mut self) -> io::Result<()> {
        self.disk.lock().sync(self.id, &self.path)
    }
}
