//! Pages by bytes, rows without their texts, and rows that are read bit by bit from one snapshot.

mod common;

use std::sync::Arc;

use common::{NOW_MS, Random, everything, open, run, tiny};
use runlog_core::{Columns, Cost, Cursor, Query, Row, Rows, Run, Start, limits};
use runlog_store::disk::sim::SimDisk;
use runlog_store::{Error, ManualClock, Options, PageRows, Store};

const LOG_BYTES: usize = 64 << 10;
const ROW_BYTES: usize = LOG_BYTES + limits::ROW_OVERHEAD_BYTES;

/// A finished run of one function with a log of [`LOG_BYTES`].
fn finished(number: i64) -> Run {
    let made = run(&mut Random(3));
    let log = format!("{number:08}").repeat(LOG_BYTES / 8);
    let texts = (String::new(), String::new(), String::new());
    let stream = runlog_core::Stream { account: "1".into(), ..(*made.stream).clone() };
    Run {
        stream: Arc::new(stream),
        request_id: format!("id-{number}"),
        start_ms: NOW_MS + number,
        ret_code: 0,
        log,
        ret_msg: texts.0,
        level: texts.1,
        source: texts.2,
        ..made
    }
}

fn store(disk: &SimDisk, options: &Options) -> Store {
    open(disk, &Arc::new(ManualClock::at(NOW_MS)), options).unwrap()
}

/// Options under which nothing is remembered from one query to the next, and a text block has several rows.
fn forgetful() -> Options {
    let mut options = Options { text_cache_bytes: 0, memtable_max_rows: 1000, ..tiny() };
    options.shape.text_block_bytes = 4 * u32::try_from(LOG_BYTES).unwrap();
    options
}

/// A store of `runs` runs in one segment.
fn flushed(disk: &SimDisk, runs: i64) -> Store {
    let store = store(disk, &forgetful());
    store.append((0..runs).map(finished).collect()).unwrap();
    store.flush().unwrap();
    store
}

fn read(mut rows: PageRows, max_bytes: usize) -> (Vec<Vec<Row>>, Option<Cursor>, Cost) {
    let mut batches = Vec::new();
    loop {
        let batch = rows.next_batch(max_bytes).unwrap();
        if batch.is_empty() {
            return (batches, rows.cursor(), rows.cost());
        }
        batches.push(batch);
    }
}

#[test]
fn a_page_by_bytes_reads_no_further_than_one_row() {
    let store = flushed(&SimDisk::default(), 40);
    let query = Query { page_max_bytes: Some(3 * ROW_BYTES), ..everything("1") };
    let page = store.query(&query).unwrap();
    assert_eq!((page.rows.len(), page.total), (3, 40));
    // Three rows and the one that does not fit are in at most three blocks of about four.
    assert!(page.cost.bytes_read < 12 * ROW_BYTES as u64, "{:?}", page.cost);
    let next = Query { start: Start::After(page.next.unwrap()), ..query.clone() };
    assert_eq!(store.query(&next).unwrap().rows[0].run.start_ms, NOW_MS + 36);
    let less_than_a_row = Query { page_max_bytes: Some(1), ..query };
    assert_eq!(store.query(&less_than_a_row).unwrap().rows.len(), 1);
}

#[test]
fn rows_without_texts_read_no_text() {
    let store = flushed(&SimDisk::default(), 40);
    let by_id = Query { request_id: Some("id-7".into()), ..everything("1") };
    for whole in [everything("1"), by_id] {
        let without = Query { columns: Columns::NO_TEXTS, ..whole.clone() };
        let (whole, without) = (store.query(&whole).unwrap(), store.query(&without).unwrap());
        assert_eq!(without.rows.len(), whole.rows.len());
        assert!(without.rows.iter().all(|row| row.weight_bytes() == limits::ROW_OVERHEAD_BYTES));
        assert!(whole.cost.bytes_read > LOG_BYTES as u64);
        assert!(without.cost.bytes_read < LOG_BYTES as u64 / 4, "{:?}", without.cost);
    }
}

#[test]
fn small_batches_decompress_no_block_twice() {
    let store = flushed(&SimDisk::default(), 40);
    let whole = store.query(&everything("1")).unwrap();
    let (head, rows) = store.open_query(&everything("1")).unwrap();
    assert_eq!((head.total, head.rows.len(), head.next), (40, 0, None));
    let (batches, next, cost) = read(rows, 1);
    assert_eq!((batches.len(), next), (40, None));
    assert_eq!(batches.concat(), whole.rows);
    assert_eq!(head.cost.blocks_read + cost.blocks_read, whole.cost.blocks_read);
}

#[test]
fn the_rows_are_of_the_snapshot_whatever_happens_meanwhile() {
    let disk = SimDisk::default();
    let store = flushed(&disk, 20);
    store.append((20..30).map(finished).collect()).unwrap();
    let in_flight = Run { ret_code: 2, ..finished(30) };
    store.append(vec![in_flight.clone()]).unwrap();
    let expected = store.query(&everything("1")).unwrap().rows;
    let (head, mut rows) = store.open_query(&everything("1")).unwrap();
    let mut found = rows.next_batch(2 * ROW_BYTES).unwrap();
    assert_eq!((head.total, found.len()), (31, 2));
    store.append(vec![Run { ret_code: 0, ..in_flight }, finished(31)]).unwrap();
    store.flush().unwrap();
    store.merge().unwrap();
    drop(store);
    found.extend(read(rows, ROW_BYTES).0.concat());
    assert_eq!(found, expected);
}

#[test]
fn damage_in_the_middle_is_an_error_of_that_batch() {
    let disk = SimDisk::default();
    flushed(&disk, 40).close().unwrap();
    let path = disk.files().into_iter().map(|(path, _)| path).find(|path| path.ends_with(".seg")).unwrap();
    let len = disk.content(&path).len();
    let (at, given) = (0..len)
        .step_by(64)
        .find_map(|at| {
            let copy = disk.copy();
            copy.flip(&path, at, 1);
            let store = store(&copy, &forgetful());
            let (_, mut rows) = store.open_query(&everything("1")).ok()?;
            let given = std::iter::from_fn(|| rows.next_batch(1).ok()).take_while(|batch| !batch.is_empty()).count();
            (0 < given && given < 40 && store.health().set_aside.len() == 1).then_some((at, given))
        })
        .expect("a byte of a text block");
    disk.flip(&path, at, 1);
    let store = store(&disk, &forgetful());
    let (head, mut rows) = store.open_query(&everything("1")).unwrap();
    assert_eq!((head.total, head.watermark.set_aside_files), (40, 0));
    for _ in 0..given {
        assert_eq!(rows.next_batch(1).unwrap().len(), 1);
    }
    for _ in 0..2 {
        assert!(matches!(rows.next_batch(1), Err(Error::Damaged { .. })));
    }
    let after = store.query(&everything("1")).unwrap();
    assert_eq!((after.total, after.watermark.set_aside_files), (0, 1));
}
