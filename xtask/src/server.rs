//! A runlog server for a test: with its own data folder and port, ready before it is returned, stopped and removed when
//! dropped.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::tools::{command, output, root};

/// The root key of every test server.
pub(crate) const SECRET_ID: &str = "AKIDcompat00000000000000000000000000";
pub(crate) const SECRET_KEY: &str = "compatSecretKey00000000000000000";

/// The longest time until a server must be ready.
const READY_WITHIN: Duration = Duration::from_secs(30);

pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    data: PathBuf,
    log: PathBuf,
    /// A key whose policy allows one function: (SecretId, SecretKey).
    pub(crate) limited: (String, String),
}

impl Server {
    /// Starts `binary` on a free port, or on `port`, with an empty data folder inside `folder`.
    pub(crate) fn start(binary: &Path, folder: &Path, port: Option<u16>, rate_limit: Option<u32>) -> Result<Self> {
        Self::start_with(binary, folder, port, rate_limit, &[])
    }

    /// Like [`Server::start`], with more options.
    pub(crate) fn start_with(
        binary: &Path,
        folder: &Path,
        port: Option<u16>,
        rate_limit: Option<u32>,
        more: &[&str],
    ) -> Result<Self> {
        let data = folder.join("data");
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        fs::create_dir_all(folder)?;
        let limited = limited_key(binary, &data)?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port.map_or_else(free_port, Ok)?));
        let log = folder.join("server.log");
        let out = File::create(&log)?;
        let mut serve = without_options(command(binary));
        serve.arg("serve").arg("--data").arg(&data).args(["--listen", &address.to_string(), "--tls-self-signed"]);
        serve.args(["--root-key", &format!("{SECRET_ID}:{SECRET_KEY}"), "--signature-max-skew", "300"]);
        serve.args(more);
        if let Some(limit) = rate_limit {
            serve.args(["--rate-limit", &limit.to_string()]);
        }
        serve.stdout(out.try_clone()?).stderr(out);
        let child = serve.spawn().with_context(|| format!("cannot start {}", binary.display()))?;
        let mut server = Self { child, address, data, log, limited };
        server.wait_ready()?;
        Ok(server)
    }

    /// The certificate it made for itself.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.data.join("tls/cert.pem")
    }

    /// The last lines it logged.
    pub(crate) fn last_words(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }

    fn wait_ready(&mut self) -> Result<()> {
        let start = Instant::now();
        while !is_ready(self.address) {
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended before it was ready ({status}):\n{}", self.last_words());
            }
            if start.elapsed() > READY_WITHIN {
                bail!("GET /readyz did not answer 200 within {READY_WITHIN:?}:\n{}", self.last_words());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The process may have ended already; then there is nothing to stop.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Makes the key that may read one function, before the server owns the data folder.
fn limited_key(binary: &Path, data: &Path) -> Result<(String, String)> {
    let policy = root().join("compat/limited-policy.json");
    let mut create = without_options(command(binary));
    create.args(["keys", "create", "--data"]).arg(data).arg("--policy").arg(policy);
    let text = output(&mut create).context("`runlog keys create` failed")?;
    let value = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned());
    match (value("SecretId:"), value("SecretKey:")) {
        (Some(id), Some(key)) => Ok((id, key)),
        _ => bail!("`runlog keys create` printed no SecretId: and SecretKey: lines, but:\n{text}"),
    }
}

/// Every option of the server can be set by a RUNLOG_ variable; a test must not see the user's.
fn without_options(mut command: Command) -> Command {
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("RUNLOG_")) {
        command.env_remove(name);
    }
    command
}

/// A port that nobody listens on at this moment.
pub(crate) fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn is_ready(address: SocketAddr) -> bool {
    let ask = || -> std::io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes())?;
        let mut answer = vec![0; 12];
        stream.read_exact(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.ends_with(b" 200"))
}
