//! A data folder with changed bytes or cut files opens, answers, stores a run, and never panics.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use runlog_core::{Outcome, Query, Run, Scope, Stream};
use runlog_store::disk::sim::SimDisk;
use runlog_store::{Error, ManualClock, Options, Store};

const NOW_MS: i64 = 1_800_000_000_000;

/// A change of one file: which file, where, and the mask; without a mask, the file is cut there.
type Change = (u8, u16, u8);

static SPECIMEN: LazyLock<SimDisk> = LazyLock::new(|| {
    let disk = SimDisk::new(1);
    let store = open(&disk).unwrap();
    for batch in 0..4 {
        store.append((0..30).map(|number| run(batch * 100 + number)).collect()).unwrap();
        if batch < 3 {
            store.flush().unwrap();
        }
    }
    store.close().unwrap();
    disk
});

fuzz_target!(|changes: Vec<Change>| {
    let disk = SPECIMEN.copy();
    let files = disk.files();
    for (file, at, mask) in changes.into_iter().take(8) {
        let (path, len) = &files[usize::from(file) % files.len()];
        let at = usize::from(at) % (*len).max(1);
        if mask == 0 { disk.truncate(path, at) } else { disk.flip(path, at, mask) }
    }
    let store = match open(&disk) {
        // A file of an unknown version is not touched.
        Err(Error::Version { .. }) => return,
        store => store.unwrap(),
    };
    assert!(store.query(&Query::new(Scope::account("1"))).unwrap().total <= 120);
    let new = store.append(vec![run(9999)]).unwrap();
    assert!(matches!(new[..], [Outcome::Accepted { .. }]), "{new:?}");
});

fn open(disk: &SimDisk) -> Result<Store, Error> {
    let options = Options { background: false, ..Options::default() };
    Store::open_with(Arc::new(disk.clone()), Arc::new(ManualClock::at(NOW_MS)), options)
}

fn run(number: i64) -> Run {
    Run {
        stream: Arc::new(Stream {
            account: "1".into(),
            region: "r".into(),
            namespace: "n".into(),
            function: format!("f{}", number % 3),
            qualifier: "q".into(),
        }),
        request_id: format!("request-{number}"),
        retry_num: 0,
        start_ms: NOW_MS - number * 60_000,
        duration_us: 7 * number.unsigned_abs(),
        bill_ms: None,
        mem_bytes: 5,
        ret_code: (number % 4) as i32,
        invoke_finished: 1,
        exit_code: None,
        ret_msg: String::new(),
        log: format!("START request-{number}\nsome words of {number}\n"),
        level: String::new(),
        source: String::new(),
    }
}
