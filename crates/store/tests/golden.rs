//! A data folder that an earlier version wrote opens for ever, and answers as it did.
//!
//! `tests/data/golden-1` was written by version 0.1.0 (manifest 2, log 1, segment 1); `golden-1.txt` is what it says.
//! `golden-2` has segments of version 2, with stripes; `golden-3` has manifests of version 3, which know what is gone.
//! `golden-4` has manifests of version 4 and logs of version 2, with grown runs, origins and guesses.
//! They are never written again: a new format gets a folder of its own, made with
//! `RUNLOG_BLESS=golden-5 cargo test -p runlog-store --test golden`.
#![allow(clippy::disallowed_methods, reason = "the test copies files of the machine")]

mod common;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use common::{NOW_MS, Pair, Step, everything, retained, steps, tiny};
use runlog_store::operate::verify;
use runlog_store::{ManualClock, RealDisk, Store};

/// After everything in them: data that begins in the future would be the work of a wrong clock.
const LATER_MS: i64 = NOW_MS + 30 * 86_400_000;

const GOLDEN: [&str; 4] = ["golden-1", "golden-2", "golden-3", "golden-4"];

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

/// Everything that a store says, one line a row.
fn says(store: &Store) -> String {
    let mut text = String::new();
    for account in ["1", "2"] {
        let answer = store.query(&everything(account)).unwrap();
        let (seq, from_ms) = (answer.watermark.seq, answer.watermark.retained_from_ms);
        writeln!(text, "account {account}: {} runs up to {seq}, from {from_ms:?}", answer.total).unwrap();
        for row in answer.rows {
            let run = &row.run;
            let names = [&run.stream.region, &run.stream.namespace, &run.stream.function, &run.stream.qualifier];
            let numbers = (row.seq, run.start_ms, run.duration_us, run.mem_bytes, run.bill_ms);
            let results = (run.ret_code, run.invoke_finished, run.exit_code, run.retry_num);
            let texts = (&run.request_id, &run.level, &run.source, &run.ret_msg, &run.log);
            writeln!(text, "{numbers:?} {results:?} {names:?} {texts:?}").unwrap();
        }
        for summary in store.streams(account) {
            let stream = &summary.stream;
            let names = [&stream.region, &stream.namespace, &stream.function, &stream.qualifier];
            writeln!(text, "{names:?} from {} to {}", summary.first_start_ms, summary.last_start_ms).unwrap();
        }
    }
    text
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Writes a new golden folder: segments of all sizes, a past removal, a log, runs in flight.
fn bless(name: &str) {
    let mut pair = Pair::new(tiny());
    for step in steps(11, 120).iter().filter(|step| !matches!(step, Step::Query(_))) {
        pair.step(step);
    }
    pair.step(&Step::Retain);
    assert_eq!(pair.store().retained(), retained(pair.now_ms));
    steps(12, 60).iter().filter(|step| matches!(step, Step::Append(_))).for_each(|step| pair.step(step));
    pair.compare_all();
    let stats = pair.store().stats();
    assert!(stats.in_flight > 2 && stats.segments > 5 && stats.rows > 100, "{stats:?}");
    let text = says(pair.store());
    for (path, _) in pair.close().files() {
        let to = data().join(name).join(&path);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::write(to, pair.disk.content(&path)).unwrap();
    }
    std::fs::write(data().join(format!("{name}.txt")), text).unwrap();
}

#[test]
fn golden_folders_open_and_answer_as_they_did() {
    if let Ok(name) = std::env::var("RUNLOG_BLESS") {
        bless(&name);
    }
    for name in GOLDEN {
        let folder = tempfile::tempdir().unwrap();
        copy(&data().join(name), folder.path());
        assert_eq!(verify(folder.path(), &mut |_| ()).unwrap().problems, [], "{name}");
        let expected = std::fs::read_to_string(data().join(format!("{name}.txt"))).unwrap();
        // As it is, after a restart, and after everything was written anew.
        for is_rewritten in [false, false, true] {
            let disk = Arc::new(RealDisk::open(folder.path()).unwrap());
            let store = Store::open_with(disk, Arc::new(ManualClock::at(LATER_MS)), tiny()).unwrap();
            if is_rewritten {
                store.flush().unwrap();
                store.merge().unwrap();
            }
            assert_eq!(says(&store), expected, "{name}");
            store.close().unwrap();
        }
    }
}
