//! Where exported runs come from: a server's export, or the same walk through a data folder.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use runlog_client::{Client, Export, ExportQuery, RunRow};
use runlog_core::{Query, Row, Run, Stream, Zone};
use runlog_server::Settings;
use runlog_server::export::{Encoder, Format, Lines};
use runlog_server::export::{Selection, Style};
use runlog_server::export::{Walk, freeze};
use runlog_store::{RealDisk, Store, SystemClock};

use super::filter::Filter;
use super::format::Packing;
use super::output::Output;
use crate::cli::common::failure::Failure;
use crate::cli::common::say::say;
use crate::config::Flags;
use crate::store_options::store_options;

/// Bytes to gather before writing.
const PART_BYTES: usize = 256 << 10;

/// The source of exported runs.
pub(super) struct Source<'a> {
    from: From<'a>,
    style: Style,
}

enum From<'a> {
    Server(Box<Export<'a>>),
    Folder { store: Box<Store>, query: Box<Query> },
}

impl<'a> Source<'a> {
    /// Queries a server, which fixes the moment.
    pub(super) fn server(client: &'a Client, filter: &Filter, zone: Zone) -> Result<Self, Failure> {
        let sort = if filter.oldest_first { "start_time:asc" } else { "start_time:desc" };
        let query = ExportQuery { filter: filter.as_texts(), sort: Some(sort.to_owned()), ..ExportQuery::default() };
        let export = client.export_with(&query)?;
        // A server says how much is billed.
        Ok(Self { from: From::Server(Box::new(export)), style: Style { zone, billing_step_ms: 1 } })
    }

    /// Opens a data folder.
    pub(super) fn folder(data: &Path, account: &str, filter: &Filter, zone: Zone) -> Result<Self, Failure> {
        let settings = Flags::default().settings()?;
        let store = open(data, &settings)?;
        let style = Style { zone, billing_step_ms: settings.billing_step_ms.into() };
        let query = Box::new(filter.as_query(account));
        Ok(Self { from: From::Folder { store: Box::new(store), query }, style })
    }

    /// Writes every run, and returns their number. `show` gets the number written so far and the total.
    pub(super) fn write(
        self,
        format: Format,
        packing: Packing,
        fields: Option<&[&str]>,
        output: &mut Output,
        show: &mut dyn FnMut(u64, u64),
    ) -> Result<u64, Failure> {
        let encoder = match packing {
            Packing::Plain => Encoder::plain(),
            Packing::Gzip => Encoder::gzip(),
            Packing::Zstd => Encoder::zstd()?,
        };
        let lines = Lines::new(format, Selection::new(fields, self.style), encoder)
            .map_err(|error| Failure::Usage(format!("--fields: {error}")))?;
        match self.from {
            From::Server(export) => from_server(*export, lines, output, show),
            From::Folder { store, query } => {
                let written = from_folder(&store, *query, lines, output, show)?;
                store.close().context("the data folder was not closed cleanly")?;
                Ok(written)
            }
        }
    }
}

fn from_server(
    mut export: Export<'_>,
    mut lines: Lines,
    output: &mut Output,
    show: &mut dyn FnMut(u64, u64),
) -> Result<u64, Failure> {
    let (total, mut written) = (export.total(), 0);
    show(0, total);
    while let Some(run) = export.next().transpose()? {
        lines.row(&row(run))?;
        written += 1;
        if lines.ready_bytes() >= PART_BYTES {
            output.write(&lines.take())?;
            show(written, total);
        }
    }
    output.write(&lines.finish()?)?;
    if export.reconnects() > 0 {
        say!("the connection broke and was restored {} times; no run is missing", export.reconnects());
    }
    Ok(written)
}

fn from_folder(
    store: &Store,
    query: Query,
    lines: Lines,
    output: &mut Output,
    show: &mut dyn FnMut(u64, u64),
) -> Result<u64, Failure> {
    let frozen = freeze(store, query).map_err(anyhow::Error::from)?;
    let mut walk = Walk::begin(store, frozen, None, lines).map_err(anyhow::Error::from)?;
    let mut is_done = false;
    while !is_done {
        is_done = walk.step(store).map_err(anyhow::Error::from)?;
        output.write(&walk.take())?;
        show(walk.written, walk.total);
    }
    walk.check().map_err(anyhow::Error::from)?;
    let written = walk.written;
    output.write(&walk.finish().map_err(anyhow::Error::from)?)?;
    Ok(written)
}

/// Nothing is created, merged or removed in a folder that is only read.
fn open(data: &Path, settings: &Settings) -> anyhow::Result<Store> {
    let advice = || format!("cannot open the data folder {}; if a server has it open, use --endpoint", data.display());
    let disk = RealDisk::open_existing(data).with_context(advice)?;
    let options = runlog_store::Options { background: false, ..store_options(settings) };
    Store::open_with(Arc::new(disk), Arc::new(SystemClock::default()), options).with_context(advice)
}

/// Converts a run of a server's answer to one of the engine.
fn row(run: RunRow) -> Row {
    let stream = Stream {
        account: String::new(),
        region: run.region,
        namespace: run.namespace,
        function: run.function_name,
        qualifier: run.qualifier,
    };
    Row {
        seq: run.seq,
        run: Run {
            stream: Arc::new(stream),
            request_id: run.request_id,
            retry_num: run.retry_num,
            start_ms: run.start_time,
            // Microseconds were written as milliseconds with three decimals.
            duration_us: (run.duration * 1000.0).round() as u64,
            bill_ms: Some(run.bill_duration),
            mem_bytes: run.mem_usage,
            ret_code: run.ret_code,
            invoke_finished: run.invoke_finished,
            exit_code: run.exit_code,
            ret_msg: run.ret_msg,
            log: run.log,
            level: run.level,
            source: run.source,
        },
    }
}
