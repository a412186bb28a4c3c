//! Where runs go that a command brings in: a server, a data folder that no server has open, or an NDJSON file.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use runlog_client::{BATCH_BYTES, BATCH_MAX_RUNS, Client, NewRun, PutReport, RefusedRun};
use runlog_core::{Outcome, Run};
use runlog_ingest::{Defaults, IngestError};
use runlog_server::Settings;
use runlog_server::clock;
use runlog_server::keys::FIRST_ACCOUNT;
use runlog_store::Store;

use crate::cli::common::failure::Failure;
use crate::cli::common::server::ServerArgs;
use crate::config::Flags;
use crate::files;
use crate::store_options::store_options;

/// Where to.
#[derive(clap::Args)]
pub(in crate::cli) struct TargetArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// Write to this data folder instead of a server; no server may have it open.
    #[arg(long, value_name = "DIR", conflicts_with = "endpoint")]
    data: Option<PathBuf>,
    /// The account that the runs belong to, in a data folder.
    #[arg(long, value_name = "UIN", default_value = FIRST_ACCOUNT, requires = "data")]
    account: String,
}

/// Where runs go.
pub(in crate::cli) enum Target {
    Server(Box<Client>),
    Folder(Box<Folder>),
    /// One run a line, as `POST /api/v1/runs` takes them.
    Lines(BufWriter<File>),
}

impl TargetArgs {
    /// Opens the target; `output` is an NDJSON file, if that is where runs should go.
    pub(in crate::cli) fn open(&self, output: Option<&Path>) -> Result<Target, Failure> {
        if let Some(path) = output {
            return Ok(Target::Lines(BufWriter::new(files::append_lines(path)?)));
        }
        match &self.data {
            Some(data) => Ok(Target::Folder(Box::new(Folder::open(data, &self.account, self.server.region())?))),
            None => Ok(Target::Server(Box::new(self.server.client()?))),
        }
    }

    /// A name of the target, for people and to know it again.
    pub(in crate::cli) fn name(&self, output: Option<&Path>) -> String {
        match (output, &self.data) {
            (Some(path), _) => path.display().to_string(),
            (None, Some(data)) => data.display().to_string(),
            (None, None) => self.server.endpoint(),
        }
    }
}

impl Target {
    /// Stores runs; what was accepted is on disk when this returns.
    pub(in crate::cli) fn put(&mut self, runs: Vec<NewRun>) -> Result<PutReport, Failure> {
        match self {
            Target::Server(client) => Ok(client.put_runs(runs)?),
            Target::Folder(folder) => Ok(folder.put(&runs)?),
            Target::Lines(file) => {
                let accepted = runs.len() as u64;
                for run in runs {
                    serde_json::to_writer(&mut *file, &run).map_err(anyhow::Error::from)?;
                    file.write_all(b"\n")?;
                }
                file.flush()?;
                file.get_ref().sync_data()?;
                Ok(PutReport { accepted, ..PutReport::default() })
            }
        }
    }

    /// Closes the target.
    pub(in crate::cli) fn close(self) -> anyhow::Result<()> {
        match self {
            Target::Folder(folder) => folder.close(),
            Target::Server(_) | Target::Lines(_) => Ok(()),
        }
    }
}

/// A data folder that this process has open.
pub(in crate::cli) struct Folder {
    store: Store,
    account: String,
    region: Option<String>,
    settings: Settings,
}

impl Folder {
    /// # Errors
    /// [`runlog_store::Error::Locked`], in its context, when another process has it open.
    pub(in crate::cli) fn open(data: &Path, account: &str, region: Option<String>) -> anyhow::Result<Self> {
        let settings = Flags::default().settings()?;
        let advice =
            || format!("cannot open the data folder {}; to import beside a server, use --endpoint", data.display());
        let store = Store::open(data, store_options(&settings)).with_context(advice)?;
        Ok(Self { store, account: account.to_owned(), region, settings })
    }

    /// Closes the folder, for the next process.
    pub(in crate::cli) fn close(self) -> anyhow::Result<()> {
        self.store.close().context("the data folder was not closed cleanly")
    }

    /// Goes the way of a request's body, so that a folder takes exactly what a server does.
    pub(in crate::cli) fn put(&self, runs: &[NewRun]) -> anyhow::Result<PutReport> {
        let mut lines = Vec::new();
        for run in runs {
            serde_json::to_writer(&mut lines, run)?;
            lines.push(b'\n');
        }
        let defaults = Defaults {
            account: &self.account,
            region: self.region.as_deref().unwrap_or(&self.settings.default_region),
            zone: self.settings.time_zone,
            now_ms: clock::now_ms(),
            billing_step_ms: self.settings.billing_step_ms.into(),
        };
        let (report, result) = runlog_ingest::ingest(&mut &lines[..], u64::MAX, &defaults, &mut StoreSink(&self.store));
        match result {
            Ok(()) => {}
            Err(IngestError::Sink(error)) => return Err(error.into()),
            Err(IngestError::Body(error)) => return Err(error.into()),
            Err(IngestError::Array(message) | IngestError::NoRoom(message)) => anyhow::bail!(message),
            Err(IngestError::TooManyRecords { max }) => anyhow::bail!("a batch has more than {max} records"),
        }
        let refused = report.refused.into_iter().map(|refused| RefusedRun {
            index: refused.line.saturating_sub(1),
            code: refused.code,
            message: refused.message,
        });
        Ok(PutReport {
            accepted: report.accepted,
            duplicates: report.duplicates,
            refused: refused.collect(),
            cut: report.cut,
            seq: report.seq,
        })
    }
}

/// A process that can open the folder may write to it.
struct StoreSink<'a>(&'a Store);

impl runlog_ingest::Sink for StoreSink<'_> {
    type Error = runlog_store::Error;

    fn permit(&mut self, _: &Run) -> Result<(), String> {
        Ok(())
    }

    fn append(&mut self, runs: Vec<Run>) -> Result<Vec<Outcome>, Self::Error> {
        self.0.append(runs)
    }
}

/// Runs on their way, each with its place at the source; about as many as the client sends in one request.
#[derive(Default)]
pub(in crate::cli) struct Batch<P> {
    places: Vec<P>,
    runs: Vec<NewRun>,
    bytes: usize,
}

impl<P: Default> Batch<P> {
    pub(in crate::cli) fn push(&mut self, place: P, run: NewRun) {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        self.bytes += text(&run.log) + text(&run.ret_msg) + size_of::<NewRun>();
        self.places.push(place);
        self.runs.push(run);
    }

    pub(in crate::cli) fn is_full(&self) -> bool {
        self.runs.len() >= BATCH_MAX_RUNS || self.bytes >= BATCH_BYTES
    }

    /// The runs and their places; the batch is empty then.
    pub(in crate::cli) fn take(&mut self) -> (Vec<P>, Vec<NewRun>) {
        self.bytes = 0;
        (std::mem::take(&mut self.places), std::mem::take(&mut self.runs))
    }
}
