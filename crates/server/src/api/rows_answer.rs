//! An answer of the signed API that has rows: whole when it is short, else made while it is sent.
//!
//! Clients of the dialect page by `Offset += Limit`, so an answer has every row of its page, however long they are. It
//! is written row by row while the rows are read from one snapshot, with the memory of about one row. The head goes out
//! after the first rows were read, so an engine that fails before is a proper error of the dialect.

use std::io::{self, BufWriter, Write};
use std::sync::Arc;

use bytes::Bytes;
use runlog_core::{Engine, EngineError, Query, Row, Rows};
use runlog_wire::actions::{OpenRows, RowsWriter};

use crate::answer_bytes::AnswerBytes;
use crate::answer_stream::Parts;
use crate::encoder::Encoder;
use crate::respond::Packed;

/// The longest answer that is sent whole, and about the length of a part of a longer one, in bytes.
const PART_BYTES: usize = 256 << 10;

/// The small writes of JSON are gathered up to this before they are compressed.
const BUFFER_BYTES: usize = 16 << 10;

/// An answer whose first rows are written.
pub(super) enum Begun {
    /// All there is.
    Whole(Packed),
    /// More than fits into a part: the first one, and how the others are made.
    Long(Bytes, Box<RowsAnswer>),
}

impl Begun {
    /// The same; what is written is counted among the bytes that wait for their readers.
    pub(super) fn counted(self, ledger: &Arc<AnswerBytes>) -> Self {
        match self {
            Self::Whole(packed) => Self::Whole(packed.counted(ledger)),
            Self::Long(first, rows) => Self::Long(ledger.count(first), rows),
        }
    }
}

/// An answer on its way.
pub(super) struct RowsAnswer {
    rows: Box<dyn Rows>,
    /// `None` once everything is written.
    open: Option<OpenRows>,
    encoder: Encoder,
}

/// Begins the answer to a query.
///
/// # Errors
/// Those of the engine.
pub(super) fn begin(
    engine: &dyn Engine,
    query: &Query,
    writer: RowsWriter,
    takes_gzip: bool,
) -> Result<Begun, EngineError> {
    let (found, rows) = engine.open_query(query)?;
    let mut encoder = Encoder::plain();
    let open = writer.head(found.total, &mut encoder).map_err(unwritable)?;
    let mut answer = RowsAnswer { rows, open: Some(open), encoder };
    answer.fill()?;
    if answer.open.is_none() {
        return Ok(Begun::Whole(Packed::new(answer.encoder.take().into(), takes_gzip)));
    }
    if takes_gzip {
        let written = std::mem::replace(&mut answer.encoder, Encoder::gzip()).take();
        answer.encoder.write_all(&written).map_err(unwritable)?;
    }
    Ok(Begun::Long(answer.encoder.take(), Box::new(answer)))
}

impl RowsAnswer {
    /// Whether it is compressed.
    pub(super) fn is_gzip(&self) -> bool {
        self.encoder.name().is_some()
    }

    /// Writes rows until there is a part, or the last row with what comes after it.
    fn fill(&mut self) -> Result<(), EngineError> {
        while let Some(open) = &mut self.open {
            if self.encoder.ready_bytes() >= PART_BYTES {
                return Ok(());
            }
            let batch = self.rows.next_batch(PART_BYTES)?;
            self.encoder.reserve(batch.iter().map(Row::weight_bytes).sum());
            let mut out = BufWriter::with_capacity(BUFFER_BYTES, &mut self.encoder);
            let is_over = batch.is_empty();
            // Each row is dropped as soon as it is written.
            for row in batch {
                open.row(&row.run, &mut out).map_err(unwritable)?;
            }
            if is_over && let Some(open) = self.open.take() {
                open.tail(self.rows.cursor().as_ref(), &mut out).map_err(unwritable)?;
            }
            out.flush().map_err(unwritable)?;
        }
        Ok(())
    }
}

impl Parts for RowsAnswer {
    fn next(&mut self, _: &dyn Engine) -> Result<Option<Bytes>, EngineError> {
        if self.open.is_some() {
            self.fill()?;
        }
        if self.open.is_some() {
            return Ok(Some(self.encoder.take()));
        }
        let last = std::mem::replace(&mut self.encoder, Encoder::plain()).finish().map_err(unwritable)?;
        Ok(Some(last).filter(|last| !last.is_empty()))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that `map_err` takes")]
fn unwritable(error: io::Error) -> EngineError {
    EngineError::engine(format!("the answer cannot be written: {error}"))
}
