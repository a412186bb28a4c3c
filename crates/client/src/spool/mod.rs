//! A folder of runs that could not be delivered yet.
//!
//! ```text
//! DIR/<start in ms, 16 digits>-<uuid>.json    a run that waits: its record, as it is posted
//! DIR/refused/<the same name>.json            a run that a server refused
//! DIR/refused/<the same name>.reason          why
//! DIR/.lock                                   held by the process that ships
//! DIR/.<uuid>.tmp                             a file that is being written
//! ```
//!
//! A run is in the spool once its file and the folder are fsynced, and leaves it once a server has answered for it. Its
//! request id, start and region are fixed before, so that a run that is shipped twice is stored once. Any number of
//! processes may add; one ships at a time. The lock goes with its process, however that ends.
#![allow(clippy::disallowed_methods, reason = "this is the SDK's one place for files")]

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::clock::{Clock, SystemClock};
use crate::{BATCH_BYTES, BATCH_MAX_RUNS, Error, NewRun, PutReport, StartTime};

/// How old a half-written file must be before it is taken for the rest of a writer that died.
const TMP_MAX_AGE: Duration = Duration::from_secs(60 * 60);

/// How much a spool may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpoolBounds {
    /// Runs that wait or were refused.
    pub max_runs: usize,
    /// Bytes of their files.
    pub max_bytes: u64,
}

impl Default for SpoolBounds {
    /// A week of a run a minute, in a gigabyte.
    fn default() -> Self {
        Self { max_runs: 10_000, max_bytes: 1 << 30 }
    }
}

/// A folder of runs that could not be delivered yet.
#[derive(Clone, Debug)]
pub struct Spool {
    dir: PathBuf,
    bounds: SpoolBounds,
}

/// A run in a spool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpooledRun {
    /// Its file.
    pub path: PathBuf,
    /// Bytes of the file.
    pub bytes: u64,
    /// Why a server refused it, when one did.
    pub refusal: Option<String>,
}

/// What shipping did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shipped {
    /// Runs that are stored now.
    pub accepted: u64,
    /// Runs that were stored already.
    pub duplicates: u64,
    /// Runs that were refused, and set aside.
    pub refused: Vec<SpooledRun>,
    /// Whether another process was shipping, so that nothing was done.
    pub is_busy: bool,
}

impl Spool {
    /// The spool in a folder, which is made when the first run is added.
    pub fn new(dir: impl Into<PathBuf>, bounds: SpoolBounds) -> Self {
        Self { dir: dir.into(), bounds }
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Keeps a run to be delivered later; when this returns it is on disk.
    ///
    /// # Errors
    /// [`Error::SpoolFull`] when a bound is reached, which writers at the same moment can exceed by a run each;
    /// [`Error::Spool`] when the folder cannot be written.
    pub fn add(&self, run: NewRun) -> Result<PathBuf, Error> {
        self.keep(run, None)
    }

    /// Keeps a run, as [`Spool::add`] does; with a reason among those that a server refused.
    ///
    /// # Errors
    /// Those of [`Spool::add`].
    pub fn keep(&self, mut run: NewRun, refusal: Option<&str>) -> Result<PathBuf, Error> {
        run.settle(None, || SystemClock.now_ms());
        let text = serde_json::to_vec(&run).map_err(Error::Request)?;
        let dir = if refusal.is_some() { self.refused_dir() } else { self.dir.clone() };
        DirBuilder::new().recursive(true).mode(0o700).create(&dir).map_err(self.doing("make the folder"))?;
        let (waiting, refused) = (self.waiting()?, self.list(&self.refused_dir())?);
        let runs = waiting.len() + refused.len();
        let bytes = waiting.iter().chain(&refused).map(|run| run.bytes).sum::<u64>();
        if runs >= self.bounds.max_runs || bytes + text.len() as u64 > self.bounds.max_bytes {
            return Err(Error::SpoolFull { dir: self.dir.clone(), runs, bytes });
        }
        let path = dir.join(file_name(&run));
        if let Some(reason) = refusal {
            self.write(&path.with_extension("reason"), reason.as_bytes())?;
        }
        self.write(&path, &text)?;
        Ok(path)
    }

    /// The runs that wait, those that started first in front.
    ///
    /// # Errors
    /// [`Error::Spool`] when the folder cannot be read.
    pub fn waiting(&self) -> Result<Vec<SpooledRun>, Error> {
        self.list(&self.dir)
    }

    /// The runs that a server refused. [`Spool::retry`] lets them be shipped again.
    ///
    /// # Errors
    /// [`Error::Spool`] when the folder cannot be read.
    pub fn refused(&self) -> Result<Vec<SpooledRun>, Error> {
        let mut runs = self.list(&self.refused_dir())?;
        for run in &mut runs {
            run.refusal = Some(fs::read_to_string(run.path.with_extension("reason")).unwrap_or_default());
        }
        Ok(runs)
    }

    /// Reads a run.
    ///
    /// # Errors
    /// [`Error::Spool`] when its file cannot be read or is damaged.
    pub fn read(&self, run: &SpooledRun) -> Result<NewRun, Error> {
        let text = fs::read(&run.path).map_err(self.doing("read a run"))?;
        serde_json::from_slice(&text).map_err(|error| self.doing("read a run")(error.into()))
    }

    /// Lets a refused run be shipped again.
    ///
    /// # Errors
    /// [`Error::Spool`] when the folder cannot be written.
    pub fn retry(&self, run: &SpooledRun) -> Result<(), Error> {
        let name = run.path.file_name().unwrap_or_default();
        fs::rename(&run.path, self.dir.join(name)).map_err(self.doing("move a run"))?;
        self.forget(&run.path.with_extension("reason"))
    }

    /// Deletes a run.
    ///
    /// # Errors
    /// [`Error::Spool`] when the folder cannot be written.
    pub fn remove(&self, run: &SpooledRun) -> Result<(), Error> {
        self.forget(&run.path)?;
        if run.refusal.is_some() { self.forget(&run.path.with_extension("reason")) } else { Ok(()) }
    }

    /// Delivers up to `max_runs` runs, oldest first, by `deliver`, such as
    /// [`Client::put_runs`](crate::Client::put_runs). A run that is refused, or whose file is damaged, is set aside and
    /// stops none of the others.
    ///
    /// When another process ships, `wait` says whether to wait for it or to come back with [`Shipped::is_busy`].
    ///
    /// # Errors
    /// What `deliver` fails with; the runs that it did not answer for stay. [`Error::Spool`] when the folder cannot be
    /// written.
    pub fn ship(
        &self,
        max_runs: usize,
        wait: bool,
        mut deliver: impl FnMut(Vec<NewRun>) -> Result<PutReport, Error>,
    ) -> Result<Shipped, Error> {
        let mut shipped = Shipped::default();
        if self.waiting()?.is_empty() {
            return Ok(shipped);
        }
        let Some(_lock) = self.lock(wait)? else {
            return Ok(Shipped { is_busy: true, ..shipped });
        };
        self.sweep();
        // Listed again: whoever held the lock has shipped some of them.
        let waiting = self.waiting()?;
        let mut left = &waiting[..waiting.len().min(max_runs)];
        while !left.is_empty() {
            let (now, later) = left.split_at(batch_len(left));
            left = later;
            self.ship_batch(now, &mut deliver, &mut shipped)?;
        }
        Ok(shipped)
    }

    fn ship_batch(
        &self,
        batch: &[SpooledRun],
        deliver: &mut impl FnMut(Vec<NewRun>) -> Result<PutReport, Error>,
        shipped: &mut Shipped,
    ) -> Result<(), Error> {
        let (mut files, mut runs) = (Vec::new(), Vec::new());
        for file in batch {
            match self.read(file) {
                Ok(run) => {
                    files.push(file);
                    runs.push(run);
                }
                // Somebody else has removed it.
                Err(Error::Spool { cause, .. }) if cause.kind() == io::ErrorKind::NotFound => {}
                Err(error) => shipped.refused.push(self.set_aside(file, &error.to_string())?),
            }
        }
        if runs.is_empty() {
            return Ok(());
        }
        let report = deliver(runs)?;
        shipped.accepted += report.accepted;
        shipped.duplicates += report.duplicates;
        for (file, at) in files.into_iter().zip(0_u64..) {
            match report.refused.iter().find(|refused| refused.index == at) {
                None => self.forget(&file.path)?,
                Some(refused) => {
                    let reason = format!("{}: {}", refused.code, refused.message.trim_end());
                    shipped.refused.push(self.set_aside(file, &reason)?);
                }
            }
        }
        Ok(())
    }

    /// Moves a run to those that were refused. The reason is written first, so that no run lies there without one.
    fn set_aside(&self, run: &SpooledRun, reason: &str) -> Result<SpooledRun, Error> {
        let aside = self.refused_dir();
        let mut maker = DirBuilder::new();
        maker.recursive(true).mode(0o700).create(&aside).map_err(self.doing("make the folder of refused runs"))?;
        let path = aside.join(run.path.file_name().unwrap_or_default());
        self.write(&path.with_extension("reason"), reason.as_bytes())?;
        fs::rename(&run.path, &path).map_err(self.doing("set a refused run aside"))?;
        Ok(SpooledRun { path, bytes: run.bytes, refusal: Some(reason.to_owned()) })
    }

    /// Writes a file that is whole or not there, and durable when this returns.
    fn write(&self, path: &Path, text: &[u8]) -> Result<(), Error> {
        let next = self.dir.join(format!(".{}.tmp", uuid::Uuid::new_v4()));
        let write = || -> io::Result<()> {
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&next)?;
            file.write_all(text)?;
            file.sync_all()?;
            fs::rename(&next, path)?;
            File::open(path.parent().unwrap_or(&self.dir))?.sync_all()
        };
        write().map_err(|error| {
            // The first failure is what matters; what cannot be deleted now is swept later.
            let _ = fs::remove_file(&next);
            self.doing("write a run")(error)
        })
    }

    fn forget(&self, path: &Path) -> Result<(), Error> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.doing("delete a run")(error)),
            _ => Ok(()),
        }
    }

    fn lock(&self, wait: bool) -> Result<Option<File>, Error> {
        let path = self.dir.join(".lock");
        let open = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path);
        let file = open.map_err(self.doing("lock the folder"))?;
        let taken = if wait { file.lock().map_err(TryLockError::Error) } else { file.try_lock() };
        match taken {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(self.doing("lock the folder")(error)),
        }
    }

    /// Deletes what writers that died have left half-written.
    fn sweep(&self) {
        for entry in fs::read_dir(&self.dir).into_iter().flatten().flatten() {
            let is_tmp = entry.path().extension().is_some_and(|extension| extension == "tmp");
            let modified = entry.metadata().and_then(|meta| meta.modified());
            let age = modified.ok().and_then(|modified| modified.elapsed().ok()).unwrap_or_default();
            if is_tmp && age > TMP_MAX_AGE {
                // What cannot be deleted is tried again the next time.
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    fn list(&self, dir: &Path) -> Result<Vec<SpooledRun>, Error> {
        let entries = match fs::read_dir(dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.doing("list the folder")(error)),
        };
        let mut runs = Vec::new();
        for entry in entries {
            let entry = entry.map_err(self.doing("list the folder"))?;
            let path = entry.path();
            // One that is gone by now was shipped.
            let Ok(meta) = entry.metadata() else { continue };
            if meta.is_file() && path.extension().is_some_and(|extension| extension == "json") {
                runs.push(SpooledRun { path, bytes: meta.len(), refusal: None });
            }
        }
        runs.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(runs)
    }

    fn refused_dir(&self) -> PathBuf {
        self.dir.join("refused")
    }

    fn doing(&self, doing: &'static str) -> impl Fn(io::Error) -> Error {
        let dir = self.dir.clone();
        move |cause| Error::Spool { dir: dir.clone(), doing, cause }
    }
}

/// How many runs from the front go into one delivery, which is one request of
/// [`Client::put_runs`](crate::Client::put_runs); at least one.
fn batch_len(runs: &[SpooledRun]) -> usize {
    let mut bytes = 0;
    let fitting = runs.iter().take(BATCH_MAX_RUNS).take_while(|run| {
        bytes += run.bytes;
        bytes <= BATCH_BYTES as u64
    });
    fitting.count().clamp(1, runs.len())
}

/// The start in front, so that the order of names is that of starts. Not the request id, which is unique in its
/// function only.
fn file_name(run: &NewRun) -> String {
    let start_ms = match run.start_time {
        Some(StartTime::UnixMs(ms)) => ms.max(0),
        _ => SystemClock.now_ms(),
    };
    format!("{start_ms:016}-{}.json", uuid::Uuid::new_v4())
}
