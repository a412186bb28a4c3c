//! Data folders: a log file, a segment or a manifest with other content, and folders with changed bytes.
//!
//! Every checksum of the formats is a crc32c, and a changed byte rarely passes one. So each input of a format is also
//! tried *sealed*, with checksums that fit. A sealed file may say anything, and the store must survive it.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use runlog_core::{FacetKey, FacetSpec, Outcome, Query, Row, Run, Scope, Stream};
use runlog_store::disk::sim::SimDisk;
use runlog_store::{Disk, Error, ManualClock, Options, Store};

/// A month after the runs of the golden folder.
const NOW_MS: i64 = 1_800_000_000_000 + 30 * 86_400_000;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/store/tests/data/golden-4");
const ACCOUNTS: [&str; 2] = ["1", "2"];
const WAL: &str = "wal/00000022.wal";
const WAL_NUMBER: u64 = 22;
const SEGMENT: &str = "data/2027-01-15/00000032.seg";
const MANIFESTS: [&str; 2] = ["manifest", "manifest.copy"];

/// The function of the run that is stored anew.
const NEW_FUNCTION: &str = "fuzzed";

/// Bytes that each group of a log begins with.
const GROUP_MAGIC: [u8; 8] = [0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0xfa, 0xf9, 0xf8];
const WAL_HEADER_BYTES: usize = 24;
const GROUP_HEAD_BYTES: usize = 21;

/// The most changes of one input. With more, a changed checksum could fit changed bytes.
const CHANGES_MAX: usize = 4;

/// A closed store with segments, logs and runs in flight.
static FOLDER: LazyLock<SimDisk> = LazyLock::new(|| {
    let disk = SimDisk::new(1);
    copy("", &disk);
    disk
});

/// Every row of that store.
static TRUTH: LazyLock<Vec<Row>> =
    LazyLock::new(|| rows(&open(&FOLDER.copy()).expect("the golden folder opens"), Content::Rotten));

/// The ranges of the segment that end with the checksum of their other bytes, the shortest first.
static SEALS: LazyLock<Vec<(usize, usize)>> = LazyLock::new(|| seals(&FOLDER.content(SEGMENT)));

/// How the bytes of a folder came about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Content {
    /// By chance: what is read is what was written.
    Rotten,
    /// With checksums that fit: a report may say anything, such as a sequence number that another has.
    Sealed,
}

/// The newest log file has this content.
pub fn wal(content: &[u8]) {
    let mut sealed = content.to_vec();
    seal_log(&mut sealed);
    for (content, kind) in [(content, Content::Rotten), (&sealed, Content::Sealed)] {
        let disk = FOLDER.copy();
        replace(&disk, WAL, content);
        survives(&disk, kind);
    }
}

/// Both manifests have this content.
pub fn manifest(content: &[u8]) {
    let mut sealed = content.to_vec();
    seal(&mut sealed);
    for (content, kind) in [(content, Content::Rotten), (&sealed, Content::Sealed)] {
        let disk = FOLDER.copy();
        MANIFESTS.iter().for_each(|path| replace(&disk, path, content));
        survives(&disk, kind);
    }
}

/// A segment has changed bytes, three bytes a change: where, and the mask.
pub fn segment(changes: &[u8]) {
    let mut content = FOLDER.content(SEGMENT);
    let len = content.len();
    for change in changes.chunks_exact(3) {
        let at = usize::from(u16::from_le_bytes([change[0], change[1]])) % len;
        content[at] ^= change[2];
    }
    for (start, end) in SEALS.iter() {
        seal(&mut content[*start..*end]);
    }
    let disk = FOLDER.copy();
    replace(&disk, SEGMENT, &content);
    survives(&disk, Content::Sealed);
}

/// Files of a folder have changed bytes or are cut, four bytes a change: which file, where, and the mask, or 0 to cut
/// it there. The store opens, stores a run, and no row is a wrong one.
pub fn rotten_folder(changes: &[u8]) {
    let disk = FOLDER.copy();
    let files = disk.files();
    for change in changes.chunks_exact(4).take(CHANGES_MAX) {
        let (path, len) = &files[usize::from(change[0]) % files.len()];
        let at = usize::from(u16::from_le_bytes([change[1], change[2]])) % (*len).max(1);
        if change[3] == 0 { disk.truncate(path, at) } else { disk.flip(path, at, change[3]) }
    }
    let Some((rows, set_aside)) = survives(&disk, Content::Rotten) else { return };
    let known: BTreeSet<u64> = TRUTH.iter().map(|row| row.seq).collect();
    // A run in flight whose later reports were lost is as it was before them.
    let is_true = |row: &Row| TRUTH.contains(row) || row.run.is_running() || !known.contains(&row.seq);
    assert!(rows.iter().all(is_true), "a wrong row");
    if rows.len() < TRUTH.len() && disk.files().iter().map(|(_, len)| len).eq(files.iter().map(|(_, len)| len)) {
        assert!(set_aside > 0, "{} rows are missing, and no file is set aside", TRUTH.len() - rows.len());
    }
}

/// Changes of a folder, and of a segment.
pub(crate) fn change_seeds() -> Vec<Vec<u8>> {
    let change = |number: u8| vec![number, number.wrapping_mul(37), number % 16, 1 << (number % 8)];
    let mut seeds: Vec<_> = (0..64).map(change).collect();
    seeds.extend([vec![], vec![3, 40, 1, 0], [change(1), change(2), change(9), change(30)].concat()]);
    seeds
}

/// The newest log, whole, cut and empty.
pub(crate) fn wal_seeds() -> Vec<Vec<u8>> {
    let log = FOLDER.content(WAL);
    vec![log[..log.len() / 2].to_vec(), log[..700].to_vec(), log[..WAL_HEADER_BYTES].to_vec(), Vec::new(), log]
}

/// The manifests.
pub(crate) fn manifest_seeds() -> Vec<Vec<u8>> {
    vec![FOLDER.content(MANIFESTS[0]), Vec::new()]
}

/// A store with whatever files: it opens, or refuses a later version; it answers within its own rules, stores a run,
/// and after a crash it has the same rows and the run. Returns the rows before that, and how many files are set aside.
fn survives(disk: &SimDisk, content: Content) -> Option<(Vec<Row>, usize)> {
    let store = match open(disk) {
        Err(Error::Version { .. }) => return None,
        store => store.expect("a damaged folder opens"),
    };
    let facets = FacetSpec { by: vec![FacetKey::Version, FacetKey::RetCode], top: 5, percentiles: true };
    for account in ACCOUNTS {
        // Whatever these find damaged is set aside before the rows are counted.
        for keyword in ["a", "error", "0000"] {
            let found = store.query(&Query { keyword: Some(keyword.to_owned()), ..all(account) }).unwrap();
            let has = |row: &Row| row.run.log.contains(keyword) || row.run.ret_msg.contains(keyword);
            // A sealed index may name a row that does not have the word.
            assert!(content == Content::Sealed || found.rows.iter().all(has));
        }
        let counted = store.query(&Query { facets: Some(facets.clone()), percentiles: true, ..all(account) }).unwrap();
        assert_eq!(counted.facets.map(|facets| facets.len()), Some(2));
    }
    let before = rows(&store, content);
    let new = store.append(vec![new_run()]).unwrap();
    let [Outcome::Accepted { seq }] = new[..] else { panic!("a new run is {new:?}") };
    assert!(content == Content::Sealed || before.iter().all(|row| row.seq < seq));
    let set_aside = store.health().set_aside.len();
    let left = disk.process_death();
    drop(store);
    let store = open(&left).expect("what a store leaves opens");
    let after = rows(&store, content);
    assert!(after.iter().any(|row| row.seq == seq && row.run == new_run()), "an acknowledged run is gone");
    if store.health().set_aside.len() == set_aside {
        let is_old = |row: &&Row| row.run.stream.function != NEW_FUNCTION;
        let after: Vec<&Row> = after.iter().filter(is_old).collect();
        // A sealed file may have the finish of a run before its start; then the next start finds the run finished.
        let may_go = |row: &Row| content == Content::Sealed && row.run.is_running();
        let gone: Vec<&Row> = before.iter().filter(|row| !after.contains(row) && !may_go(row)).collect();
        let new: Vec<&Row> = after.iter().copied().filter(|row| !before.contains(row)).collect();
        assert!(gone.is_empty() && new.is_empty(), "after a crash {gone:?} are gone and {new:?} are new");
    }
    Some((before, set_aside))
}

/// All rows, which an answer gives in order, as many as it counts, each once.
fn rows(store: &Store, content: Content) -> Vec<Row> {
    let mut rows = Vec::new();
    for account in ACCOUNTS {
        let answer = store.query(&all(account)).unwrap();
        assert_eq!(answer.total, answer.rows.len() as u64);
        let order: Vec<_> = answer.rows.iter().map(|row| (row.run.start_ms, row.seq)).collect();
        let is_in_order = |pair: &[_]| pair[0] > pair[1] || content == Content::Sealed && pair[0] == pair[1];
        assert!(order.windows(2).all(is_in_order), "{order:?}");
        rows.extend(answer.rows);
    }
    rows
}

fn all(account: &str) -> Query {
    Query { limit: 10_000, ..Query::new(Scope::account(account)) }
}

fn open(disk: &SimDisk) -> Result<Store, Error> {
    let options = Options { background: false, text_cache_bytes: 1 << 20, ..Options::default() };
    Store::open_with(Arc::new(disk.clone()), Arc::new(ManualClock::at(NOW_MS)), options)
}

fn new_run() -> Run {
    let name = |name: &str| name.to_owned();
    let stream = Stream {
        account: name(ACCOUNTS[0]),
        region: name("r"),
        namespace: name("n"),
        function: name(NEW_FUNCTION),
        qualifier: name("q"),
    };
    Run {
        stream: Arc::new(stream),
        request_id: name("a-new-run"),
        retry_num: 0,
        start_ms: NOW_MS,
        duration_us: 5,
        bill_ms: None,
        mem_bytes: 5,
        ret_code: 0,
        invoke_finished: 1,
        exit_code: None,
        ret_msg: String::new(),
        log: name("START\nsome words\n"),
        level: String::new(),
        source: String::new(),
    }
}

/// Ends `bytes` with the checksum of the other bytes.
fn seal(bytes: &mut [u8]) {
    if let Some((payload, sum)) = bytes.split_last_chunk_mut::<4>() {
        *sum = crc32c::crc32c(payload).to_le_bytes();
    }
}

/// Gives a log the checksums that fit: of its header, of each group, and of the records after a group's head.
fn seal_log(bytes: &mut [u8]) {
    if let Some(header) = bytes.get_mut(..WAL_HEADER_BYTES) {
        seal(header);
    }
    let mut at = WAL_HEADER_BYTES;
    while at + GROUP_HEAD_BYTES <= bytes.len() {
        if !bytes[at..].starts_with(&GROUP_MAGIC) {
            at += 1;
            continue;
        }
        seal_after(&mut bytes[at..at + GROUP_HEAD_BYTES], &WAL_NUMBER.to_le_bytes());
        at += GROUP_HEAD_BYTES;
        while let Some(&[a, b, c, d]) = bytes[at..].first_chunk::<4>() {
            let len = [a, b, c, d];
            let end = (at + 8).saturating_add(u32::from_le_bytes(len) as usize);
            let Some(report) = bytes.get(at + 8..end) else { break };
            let sum = crc32c::crc32c_append(crc32c::crc32c(&len), report);
            bytes[at + 4..at + 8].copy_from_slice(&sum.to_le_bytes());
            at = end;
        }
    }
}

/// As [`seal`], with a checksum that also covers `front`.
fn seal_after(bytes: &mut [u8], front: &[u8]) {
    if let Some((payload, sum)) = bytes.split_last_chunk_mut::<4>() {
        *sum = crc32c::crc32c_append(crc32c::crc32c(front), payload).to_le_bytes();
    }
}

fn seals(content: &[u8]) -> Vec<(usize, usize)> {
    let mut seals = Vec::new();
    for start in 0..content.len() {
        let mut sum = 0;
        for end in start + 1..content.len().saturating_sub(3) {
            sum = crc32c::crc32c_append(sum, &content[end - 1..end]);
            if content[end..].starts_with(&sum.to_le_bytes()) {
                seals.push((start, end + 4));
            }
        }
    }
    seals.sort_by_key(|(start, end)| end - start);
    seals
}

fn replace(disk: &SimDisk, path: &str, content: &[u8]) {
    let write = || {
        let mut file = disk.create(path)?;
        file.append(content)?;
        file.sync()
    };
    write().expect("a disk in memory takes every file");
}

/// Copies a folder of the golden folder, with what is in it.
#[allow(clippy::disallowed_methods, reason = "reads the files of the repository that the targets begin with")]
fn copy(below: &str, disk: &SimDisk) {
    for entry in std::fs::read_dir(format!("{GOLDEN}/{below}")).expect("the golden folder is in the repository") {
        let entry = entry.expect("a folder of the repository can be listed");
        let name = entry.file_name().into_string().expect("its names are plain");
        let path = if below.is_empty() { name } else { format!("{below}/{name}") };
        if entry.path().is_dir() {
            disk.create_dir(&path).expect("a disk in memory takes every folder");
            copy(&path, disk);
        } else {
            replace(disk, &path, &std::fs::read(entry.path()).expect("a file of the repository can be read"));
        }
    }
    disk.sync_dir(below).expect("a disk in memory can be synced");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without its seals, a changed segment would never be read further than to its first checksum.
    #[test]
    fn the_files_are_whole_as_they_are_sealed() {
        assert!(TRUTH.len() > 80 && SEALS.len() > 10, "{} rows, {} seals", TRUTH.len(), SEALS.len());
        let mut log = FOLDER.content(WAL);
        seal_log(&mut log);
        assert_eq!(log, FOLDER.content(WAL));
        let mut segment = FOLDER.content(SEGMENT);
        SEALS.iter().for_each(|(start, end)| seal(&mut segment[*start..*end]));
        assert_eq!(segment, FOLDER.content(SEGMENT));
        assert_eq!(survives(&FOLDER.copy(), Content::Rotten).map(|(rows, _)| rows.len()), Some(TRUTH.len()));
    }
}
