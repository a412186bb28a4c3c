//! Where `run` and `spool` deliver runs: to a server, or to a data folder that no server has open; and the spool.

use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

use runlog_client::{Client, Error, NewRun, PutReport, Spool, SpoolBounds};
use runlog_server::clock;
use runlog_server::keys::{FIRST_ACCOUNT, Key, KeyFile};

use crate::cli::common::place::{folder_in, state_folder};
use crate::cli::common::server::ServerArgs;
use crate::cli::common::target::Folder;

/// How runs are delivered.
pub(in crate::cli) trait Put: Send + 'static {
    /// Delivers runs.
    fn put(&mut self, runs: Vec<NewRun>) -> Result<PutReport, Error>;
}

/// How long to wait before trying a locked data folder again.
const LOCKED_WAIT: Duration = Duration::from_millis(20);

/// The spool of root.
const ROOT_SPOOL: &str = "/var/spool/runlog";

/// The message for a user without a spool.
pub(in crate::cli) const NO_SPOOL: &str = "this user has no home folder, so there is no spool; name one with --spool";

/// The spool of undelivered runs, and its limits.
#[derive(clap::Args)]
pub(in crate::cli) struct SpoolArgs {
    /// Folder of runs that could not be delivered [env: RUNLOG_SPOOL] [default: runlog/spool in $XDG_STATE_HOME; for
    /// root /var/spool/runlog].
    #[arg(long, value_name = "DIR")]
    spool: Option<PathBuf>,
    /// Maximum number of runs in it.
    #[arg(long, value_name = "N", default_value_t = SpoolBounds::default().max_runs)]
    spool_max_runs: usize,
    /// Maximum size in bytes.
    #[arg(long, value_name = "BYTES", default_value_t = SpoolBounds::default().max_bytes)]
    spool_max_bytes: u64,
}

impl SpoolArgs {
    /// The spool; `None` for a user who has no folder for one.
    pub(in crate::cli) fn spool(&self) -> Option<Spool> {
        let bounds = SpoolBounds { max_runs: self.spool_max_runs, max_bytes: self.spool_max_bytes };
        let dir = self.spool.clone().or_else(|| folder_in("RUNLOG_SPOOL")).or_else(usual_spool)?;
        Some(Spool::new(dir, bounds))
    }
}

/// The default folder of a user's spool: never in a folder that others can write to, such as `/tmp`. Root has one fixed
/// folder, because services have no `HOME` and `sudo` may keep the `HOME` of another user.
fn usual_spool() -> Option<PathBuf> {
    if folder_in("XDG_STATE_HOME").is_none() && rustix::process::geteuid().is_root() {
        return Some(PathBuf::from(ROOT_SPOOL));
    }
    // Without `HOME`, as in a service of a user, the password database knows the home.
    let in_home = || Some(env::home_dir().filter(|home| home.is_absolute())?.join(".local/state/runlog"));
    Some(state_folder().or_else(in_home)?.join("spool"))
}

/// A way to deliver runs.
pub(in crate::cli) enum Way {
    Server(Client),
    Data(Shared),
}

/// A data folder, opened only for each delivery, so that commands can take turns.
pub(in crate::cli) struct Shared {
    data: PathBuf,
    /// The server of the folder, which may have it open.
    server: Option<Client>,
    patience: Duration,
}

impl Way {
    /// Delivers to a server, or to `data`. One call takes at most about `patience`. The client has no region: runs
    /// carry their own, so a run that is sent twice is the same both times.
    pub(in crate::cli) fn open(server: &ServerArgs, data: Option<&Path>, patience: Duration) -> Result<Self, String> {
        let client = |key| {
            let builder = server.builder(key).map_err(|failure| failure.to_string())?;
            builder.region("").timeout(patience).retries(0).build().map_err(|error| error.to_string())
        };
        let Some(data) = data else { return client(None).map(Self::Server) };
        let key = root_key(data).map(|key| (key.secret_id, key.secret_key));
        Ok(Self::Data(Shared { data: data.to_owned(), server: client(key).ok(), patience }))
    }
}

impl Put for Way {
    fn put(&mut self, runs: Vec<NewRun>) -> Result<PutReport, Error> {
        match self {
            Self::Server(client) => client.put_runs(runs),
            Self::Data(folder) => folder.put(&runs),
        }
    }
}

impl Shared {
    fn put(&self, runs: &[NewRun]) -> Result<PutReport, Error> {
        let until = clock::monotonic() + self.patience;
        let account = root_key(&self.data).map_or_else(|| FIRST_ACCOUNT.to_owned(), |key| key.account);
        loop {
            let locked = match Folder::open(&self.data, &account, None) {
                Ok(folder) => return stored(folder, runs).map_err(|error| Error::Config(format!("{error:#}"))),
                Err(error) => error,
            };
            if !matches!(locked.downcast_ref(), Some(runlog_store::Error::Locked)) {
                return Err(Error::Config(format!("{locked:#}")));
            }
            // A server has it open, or a command like this one, for a moment.
            let error = match &self.server {
                Some(client) => match client.put_runs(runs.iter().cloned()) {
                    Ok(report) => return Ok(report),
                    Err(error) => error,
                },
                None => Error::Config(format!("{locked:#}")),
            };
            if error.is_unauthorized() || clock::monotonic() >= until {
                return Err(error);
            }
            std::thread::sleep(LOCKED_WAIT);
        }
    }
}

fn stored(folder: Folder, runs: &[NewRun]) -> anyhow::Result<PutReport> {
    let report = folder.put(runs)?;
    folder.close()?;
    Ok(report)
}

/// The root key of a data folder.
fn root_key(data: &Path) -> Option<Key> {
    KeyFile::read(data).ok()?.keys.into_iter().find(|key| key.root)
}
