//! The server under test: a separate process with its own data folder.

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tempfile::TempDir;

use crate::memory::{self, AnonymousPeak};

/// The key that the server is started with.
pub(crate) const SECRET_ID: &str = "AKIDbench000000000000000000000000000";
/// Its secret half.
pub(crate) const SECRET_KEY: &str = "benchSecretKey000000000000000000";

/// How long a start may take.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// A running server.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    process: Child,
    data: TempDir,
}

impl Server {
    /// Starts a server on an empty folder.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let data = tempfile::Builder::new().prefix("runlog-bench-").tempdir()?;
        let (process, address) = spawn(data.path())?;
        Ok(Self { address, process, data })
    }

    /// Stops it in an orderly way. Its folder stays.
    pub(crate) fn stop(&mut self) -> anyhow::Result<()> {
        let stopped = Command::new("kill").arg(self.process.id().to_string()).status()?;
        if !stopped.success() || !self.process.wait()?.success() {
            bail!("the server did not stop cleanly");
        }
        Ok(())
    }

    /// Starts it again on the same folder, and returns how long it took to be ready, in milliseconds.
    pub(crate) fn start_again(&mut self) -> anyhow::Result<f64> {
        let started = Instant::now();
        (self.process, self.address) = spawn(self.data.path())?;
        Ok(started.elapsed().as_secs_f64() * 1000.0)
    }

    /// Resident memory now, in bytes.
    pub(crate) fn memory_bytes(&self) -> anyhow::Result<u64> {
        self.status("VmRSS:")
    }

    /// Resident memory now without the pages of mapped files, in bytes.
    pub(crate) fn anonymous_memory_bytes(&self) -> anyhow::Result<u64> {
        self.status("RssAnon:")
    }

    /// The most resident memory since the start, in bytes.
    pub(crate) fn peak_memory_bytes(&self) -> anyhow::Result<u64> {
        self.status("VmHWM:")
    }

    /// Watches resident memory without the pages of mapped files, of which the system keeps no peak.
    pub(crate) fn watch_anonymous_memory(&self) -> AnonymousPeak {
        AnonymousPeak::watch(self.process.id())
    }

    /// The data folder. Only the server may open it while it runs.
    pub(crate) fn data(&self) -> &Path {
        self.data.path()
    }

    /// Bytes of all files of the data folder.
    pub(crate) fn disk_bytes(&self) -> anyhow::Result<u64> {
        folder_bytes(self.data.path())
    }

    fn status(&self, field: &str) -> anyhow::Result<u64> {
        memory::status(self.process.id(), field)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The program under test is in the same folder as this one.
pub(crate) fn program() -> anyhow::Result<PathBuf> {
    let program = std::env::current_exe()?.with_file_name("runlog");
    if program.exists() { Ok(program) } else { bail!("{} is missing: run `cargo xtask bench`", program.display()) }
}

fn spawn(data: &Path) -> anyhow::Result<(Child, SocketAddr)> {
    let mut process = Command::new(program()?)
        .args(["serve", "--listen", "127.0.0.1:0", "--rate-limit", "0", "--log-level", "warn", "--data"])
        .arg(data)
        .arg("--root-key")
        .arg(format!("{SECRET_ID}:{SECRET_KEY}"))
        .stdout(Stdio::piped())
        .spawn()?;
    let output = process.stdout.take().context("no output")?;
    let mut first = String::new();
    BufReader::new(output).read_line(&mut first)?;
    let address = first.trim().strip_prefix("runlog serves http://").context("the server did not start")?.parse()?;
    let deadline = Instant::now() + START_TIMEOUT;
    while !is_ready(address) {
        if Instant::now() > deadline {
            bail!("the server is not ready after {} s", START_TIMEOUT.as_secs());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok((process, address))
}

fn is_ready(address: SocketAddr) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(address)?;
        std::io::Write::write_all(&mut stream, b"GET /readyz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer.starts_with("HTTP/1.1 200"))
    };
    ask().unwrap_or(false)
}

fn folder_bytes(folder: &Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let meta = entry.metadata()?;
        bytes += if meta.is_dir() { folder_bytes(&entry.path())? } else { meta.len() };
    }
    Ok(bytes)
}
