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
//!
//! The folder must belong to this user and be closed to others: what is in it is sent with this user's key
//! ([`folder`]).

mod folder;

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use folder::{Folder, Trouble};

use crate::clock::{Clock, SystemClock};
use crate::{BATCH_BYTES, BATCH_MAX_RUNS, Error, NewRun, PutReport, StartTime};

/// How old a half-written file must be before it is taken for the rest of a writer that died.
const TMP_MAX_AGE: Duration = Duration::from_secs(60 * 60);

/// The file that the process which ships holds locked.
const LOCK: &str = ".lock";

/// The folder of refused runs, in that of the spool.
const REFUSED: &str = "refused";

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
    /// The spool in a folder, which is made when the first run is added. An existing folder must belong to this user,
    /// must not be writable for others, and must not be a link.
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
    /// [`Error::SpoolUnsafe`] when other users can reach into the folder; [`Error::Spool`] when it cannot be written.
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
        let folder = Folder::make(&self.dir).map_err(self.trouble("make the folder"))?;
        let (waiting, refused) = (self.list(&folder, &self.dir)?, self.refused_in(&folder)?);
        let runs = waiting.len() + refused.len();
        let bytes = waiting.iter().chain(&refused).map(|run| run.bytes).sum::<u64>();
        if runs >= self.bounds.max_runs || bytes + text.len() as u64 > self.bounds.max_bytes {
            return Err(Error::SpoolFull { dir: self.dir.clone(), runs, bytes });
        }
        let name = PathBuf::from(file_name(&run));
        let Some(reason) = refusal else {
            self.write(&folder, &folder, name.as_os_str(), &text)?;
            return Ok(self.dir.join(name));
        };
        let aside = self.make_aside(&folder)?;
        self.write(&folder, &aside, name.with_extension("reason").as_os_str(), reason.as_bytes())?;
        self.write(&folder, &aside, name.as_os_str(), &text)?;
        Ok(self.refused_dir().join(name))
    }

    /// The runs that wait, those that started first in front.
    ///
    /// # Errors
    /// [`Error::SpoolUnsafe`] when other users can reach into the folder, [`Error::Spool`] when it cannot be read.
    pub fn waiting(&self) -> Result<Vec<SpooledRun>, Error> {
        self.open()?.map_or(Ok(Vec::new()), |folder| self.list(&folder, &self.dir))
    }

    /// The runs that a server refused. [`Spool::retry`] lets them be shipped again.
    ///
    /// # Errors
    /// Those of [`Spool::waiting`].
    pub fn refused(&self) -> Result<Vec<SpooledRun>, Error> {
        self.open()?.map_or(Ok(Vec::new()), |folder| self.refused_in(&folder))
    }

    /// Reads a run.
    ///
    /// # Errors
    /// Those of [`Spool::waiting`]; [`Error::Spool`] also when the file is damaged.
    pub fn read(&self, run: &SpooledRun) -> Result<NewRun, Error> {
        let folder = self.folder_of(run)?;
        let text = folder.read(name_of(run)).map_err(self.doing("read a run"))?;
        serde_json::from_slice(&text).map_err(|error| self.doing("read a run")(error.into()))
    }

    /// Lets a refused run be shipped again.
    ///
    /// # Errors
    /// Those of [`Spool::waiting`]; [`Error::Spool`] also when the folder cannot be written.
    pub fn retry(&self, run: &SpooledRun) -> Result<(), Error> {
        let (folder, aside) = (self.opened()?, self.folder_of(run)?);
        aside.rename(name_of(run), &folder, name_of(run)).map_err(self.doing("move a run"))?;
        aside.remove(&reason_of(run)).map_err(self.doing("delete a run"))
    }

    /// Deletes a run.
    ///
    /// # Errors
    /// Those of [`Spool::waiting`]; [`Error::Spool`] also when the folder cannot be written.
    pub fn remove(&self, run: &SpooledRun) -> Result<(), Error> {
        let folder = self.folder_of(run)?;
        folder.remove(name_of(run)).map_err(self.doing("delete a run"))?;
        if run.refusal.is_some() { folder.remove(&reason_of(run)).map_err(self.doing("delete a run")) } else { Ok(()) }
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
        let Some(folder) = self.open()? else { return Ok(shipped) };
        if self.list(&folder, &self.dir)?.is_empty() {
            return Ok(shipped);
        }
        let Some(_lock) = self.lock(&folder, wait)? else {
            return Ok(Shipped { is_busy: true, ..shipped });
        };
        sweep(&folder);
        // Listed again: the process that held the lock may have shipped some of them.
        let waiting = self.list(&folder, &self.dir)?;
        let mut left = &waiting[..waiting.len().min(max_runs)];
        while !left.is_empty() {
            let (now, later) = left.split_at(batch_len(left));
            left = later;
            self.ship_batch(&folder, now, &mut deliver, &mut shipped)?;
        }
        Ok(shipped)
    }

    fn ship_batch(
        &self,
        folder: &Folder,
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
                // Another process has removed it.
                Err(Error::Spool { cause, .. }) if cause.kind() == io::ErrorKind::NotFound => {}
                Err(error) => shipped.refused.push(self.set_aside(folder, file, &error.to_string())?),
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
                None => folder.remove(name_of(file)).map_err(self.doing("delete a run"))?,
                Some(refused) => {
                    let reason = format!("{}: {}", refused.code, refused.message.trim_end());
                    shipped.refused.push(self.set_aside(folder, file, &reason)?);
                }
            }
        }
        Ok(())
    }

    /// Moves a run to those that were refused. The reason is written first, so that no refused run is without one.
    fn set_aside(&self, folder: &Folder, run: &SpooledRun, reason: &str) -> Result<SpooledRun, Error> {
        let aside = self.make_aside(folder)?;
        self.write(folder, &aside, &reason_of(run), reason.as_bytes())?;
        folder.rename(name_of(run), &aside, name_of(run)).map_err(self.doing("set a refused run aside"))?;
        let path = self.refused_dir().join(name_of(run));
        Ok(SpooledRun { path, bytes: run.bytes, refusal: Some(reason.to_owned()) })
    }

    /// Writes a file into `to` that is whole or not there, and durable when this returns.
    fn write(&self, folder: &Folder, to: &Folder, name: &OsStr, text: &[u8]) -> Result<(), Error> {
        let next = OsString::from(format!(".{}.tmp", uuid::Uuid::new_v4()));
        let write = || -> io::Result<()> {
            folder.create(&next, text)?;
            folder.rename(&next, to, name)?;
            to.sync()
        };
        write().map_err(|error| {
            // The first failure is what matters; what cannot be deleted now is swept later.
            let _ = folder.remove(&next);
            self.doing("write a run")(error)
        })
    }

    fn lock(&self, folder: &Folder, wait: bool) -> Result<Option<File>, Error> {
        folder.lock(LOCK, wait).map_err(self.doing("lock the folder"))
    }

    fn list(&self, folder: &Folder, path: &Path) -> Result<Vec<SpooledRun>, Error> {
        let files = folder.files("json").map_err(self.doing("list the folder"))?;
        let run = |file: folder::Entry| SpooledRun { path: path.join(file.name), bytes: file.bytes, refusal: None };
        Ok(files.into_iter().map(run).collect())
    }

    fn refused_in(&self, folder: &Folder) -> Result<Vec<SpooledRun>, Error> {
        let Some(aside) = folder.open_inside(REFUSED).map_err(self.trouble("read the folder of refused runs"))? else {
            return Ok(Vec::new());
        };
        let mut runs = self.list(&aside, &self.refused_dir())?;
        for run in &mut runs {
            let reason = aside.read(&reason_of(run)).unwrap_or_default();
            run.refusal = Some(String::from_utf8_lossy(&reason).into_owned());
        }
        Ok(runs)
    }

    fn open(&self) -> Result<Option<Folder>, Error> {
        Folder::open(&self.dir).map_err(self.trouble("read the folder"))
    }

    fn opened(&self) -> Result<Folder, Error> {
        self.open()?.ok_or_else(|| self.doing("read the folder")(io::ErrorKind::NotFound.into()))
    }

    /// The folder that a run's file is in.
    fn folder_of(&self, run: &SpooledRun) -> Result<Folder, Error> {
        let folder = self.opened()?;
        if run.refusal.is_none() {
            return Ok(folder);
        }
        let aside = folder.open_inside(REFUSED).map_err(self.trouble("read the folder of refused runs"))?;
        aside.ok_or_else(|| self.doing("read the folder of refused runs")(io::ErrorKind::NotFound.into()))
    }

    fn make_aside(&self, folder: &Folder) -> Result<Folder, Error> {
        folder.make_inside(REFUSED).map_err(self.trouble("make the folder of refused runs"))
    }

    fn refused_dir(&self) -> PathBuf {
        self.dir.join(REFUSED)
    }

    fn trouble(&self, doing: &'static str) -> impl Fn(Trouble) -> Error {
        let dir = self.dir.clone();
        move |trouble| match trouble {
            Trouble::Unsafe(reason) => Error::SpoolUnsafe { dir: dir.clone(), reason },
            Trouble::Failed(cause) => Error::Spool { dir: dir.clone(), doing, cause },
        }
    }

    fn doing(&self, doing: &'static str) -> impl Fn(io::Error) -> Error {
        let dir = self.dir.clone();
        move |cause| Error::Spool { dir: dir.clone(), doing, cause }
    }
}

/// The name of a run's file.
fn name_of(run: &SpooledRun) -> &OsStr {
    run.path.file_name().unwrap_or_default()
}

/// The name of the file with the reason of a refusal, beside the run's.
fn reason_of(run: &SpooledRun) -> OsString {
    Path::new(name_of(run)).with_extension("reason").into_os_string()
}

/// Deletes half-written files of writers that died.
fn sweep(folder: &Folder) {
    for file in folder.files("tmp").unwrap_or_default() {
        if file.modified.elapsed().is_ok_and(|age| age > TMP_MAX_AGE) {
            // What cannot be deleted is tried again the next time.
            let _ = folder.remove(&file.name);
        }
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
