//! Moving rows from segments into a new one. A text block that survives whole is copied as it is: it is decompressed,
//! since its words are indexed anew, but not compressed again, which takes three times as long.
//!
//! A block survives if no row of another segment belongs between its own, and if it is neither much smaller nor much
//! larger than new blocks are to be: many small ones would compress badly. The few rows of a stream that are left
//! before such a block, from the end of another segment, are compressed together with it, so that the blocks after it
//! can be copied again.

use super::scan::{Cursor, Place, WholeText};
use super::writer::SegmentWriter;
use crate::error::Result;

/// What becomes of a text block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Copied,
    /// Its rows join those before it in one block.
    Joined,
    /// Its rows go one by one.
    Dissolved,
}

/// Moves the row at the cursor to the writer; or its whole text block, if that comes before the place `before`, where
/// another segment has a row of the stream.
pub(crate) fn transfer(writer: &mut SegmentWriter, cursor: &mut Cursor<'_>, before: Option<Place>) -> Result<()> {
    let whole = cursor.whole_text()?.filter(|whole| before.is_none_or(|before| whole.last < before));
    let open_bytes = writer.open_text_bytes(cursor.stream());
    match whole.map(|whole| (fate(&whole, open_bytes, writer.text_block_bytes()), whole)) {
        Some((Fate::Copied, whole)) => {
            writer.finish_text()?;
            for _ in 0..whole.rows {
                writer.push_copied(cursor.stream(), &cursor.record()?)?;
                cursor.advance()?;
            }
            writer.put_text(whole.bytes, whole.rows, whole.raw_bytes)
        }
        Some((Fate::Joined, whole)) => {
            for _ in 0..whole.rows {
                writer.push_joined(cursor.stream(), &cursor.record()?)?;
                cursor.advance()?;
            }
            writer.finish_text()
        }
        Some((Fate::Dissolved, _)) | None => {
            writer.push_escaped(cursor.stream(), &cursor.record()?)?;
            cursor.advance()
        }
    }
}

/// What becomes of a block that follows `open_bytes` of the same stream that are not written yet.
fn fate(whole: &WholeText<'_>, open_bytes: usize, aimed_bytes: usize) -> Fate {
    let (least, most) = (aimed_bytes / 2, aimed_bytes.saturating_mul(2));
    if whole.raw_bytes < least || whole.raw_bytes > most && whole.rows > 1 {
        return Fate::Dissolved;
    }
    match open_bytes {
        0 => Fate::Copied,
        _ if open_bytes >= least => Fate::Copied,
        _ if open_bytes + whole.raw_bytes <= most => Fate::Joined,
        _ => Fate::Dissolved,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use runlog_core::Run;

    use crate::clock::ManualClock;
    use crate::disk::sim::SimDisk;
    use crate::engine::Engine;
    use crate::options::{Options, Shape};
    use crate::recovery;
    use crate::segment::{Segment, TextCache};
    use crate::testing::finished;

    const AIMED_BYTES: u32 = 1000;

    fn run(at: u64, start_ms: i64) -> Run {
        // What does not compress, so that every block is unlike the others.
        let words: Vec<String> =
            (0..5).map(|part| format!("{:016x}", (7 * at + part).wrapping_mul(0x9e37_79b9_7f4a_7c15))).collect();
        let log = format!("request-{at} says {}", words.join(" "));
        Run { request_id: format!("request-{at}"), start_ms, duration_us: at, log, ..finished() }
    }

    /// The text blocks of segments, one written of each batch, and of the one that they are merged to.
    fn merged(batches: &[Vec<Run>]) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
        let shape = Shape { text_block_bytes: AIMED_BYTES, ..Shape::default() };
        let options = Options { background: false, shape, ..Options::default() };
        let clock = Arc::new(ManualClock::at(1_000_000));
        let engine = recovery::open(Arc::new(SimDisk::new(1)), clock, options).unwrap();
        for batch in batches {
            engine.offer(batch.iter().cloned().map(Into::into).collect()).unwrap();
            engine.flush().unwrap();
        }
        let before = segments(&engine).iter().flat_map(|segment| blocks(segment)).collect();
        engine.merge_all().unwrap();
        let after = segments(&engine);
        assert_eq!(after.len(), 1);
        let mut expected: Vec<Run> = batches.concat();
        expected.sort_by_key(|run| run.start_ms);
        let row = |row| after[0].row(row, runlog_core::Columns::ALL, &mut TextCache::default()).unwrap().run;
        assert_eq!((0..after[0].footer.rows).map(row).collect::<Vec<_>>(), expected);
        (before, blocks(&after[0]))
    }

    fn segments(engine: &Engine) -> Vec<Arc<Segment>> {
        engine.state().segments.to_vec()
    }

    fn blocks(segment: &Segment) -> Vec<Vec<u8>> {
        let (mut texts, mut found) = (TextCache::default(), Vec::new());
        while texts.rows().end < segment.footer.rows {
            let row = texts.rows().end;
            segment.load_text(row, &mut texts).unwrap();
            found.push(segment.text_bytes(row).unwrap().0.to_vec());
        }
        found
    }

    /// Batches of `rows` runs whose starts are `starts(batch, row)`.
    fn batches(count: u64, rows: u64, starts: impl Fn(u64, u64) -> u64) -> Vec<Vec<Run>> {
        let run = |batch, row| run(rows * batch + row, starts(batch, row).cast_signed());
        (0..count).map(|batch| (0..rows).map(|row| run(batch, row)).collect()).collect()
    }

    #[test]
    fn text_blocks_are_copied_where_segments_follow_one_another() {
        for rows in 20..40 {
            let (before, after) = merged(&batches(3, rows, |batch, row| 1000 * batch + row));
            let copied = after.iter().filter(|block| before.contains(block)).count();
            // What is left of a batch goes with the next one's first block.
            assert!(copied + 4 >= before.len(), "{copied} of {}", before.len());
            assert!(after.len() <= before.len(), "{} of {}", after.len(), before.len());
        }
    }

    #[test]
    fn texts_are_compressed_anew_where_rows_come_between() {
        let (before, after) = merged(&batches(3, 40, |batch, row| 3 * row + batch));
        assert!(after.iter().all(|block| !before.contains(block)));
    }

    #[test]
    fn blocks_that_are_copied_and_blocks_that_are_not_stand_beside_each_other() {
        // The second batch begins amid the first, and goes on after it.
        let (before, after) = merged(&batches(2, 60, |batch, row| 30 * batch + row));
        let copied = after.iter().filter(|block| before.contains(block)).count();
        assert!(copied >= 3 && copied + 3 <= after.len(), "{copied} of {}", after.len());
    }

    #[test]
    fn small_blocks_become_large_ones() {
        let (before, after) = merged(&batches(30, 2, |batch, row| 1000 * batch + row));
        let bytes: usize = before.iter().map(Vec::len).sum();
        assert!(before.len() == 30 && after.len() < 10, "{} blocks, {bytes} bytes", after.len());
    }
}
