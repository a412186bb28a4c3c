//! A server as a process of its own, on a data folder and a free port.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use tempfile::TempDir;

use super::{Api, Key, PATIENCE, eventually};

/// The program under test, with nothing of the caller's environment that could change what it does.
pub(crate) fn program<I: AsRef<OsStr>>(args: impl IntoIterator<Item = I>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_runlog"));
    command.env_clear().args(args).stdin(Stdio::null());
    for name in ["PATH", "TMPDIR", "LLVM_PROFILE_FILE"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}

/// The program under limits. Writes beyond them fail; without the trap they would end it.
fn limited(limits: &[String]) -> Command {
    let ulimits: String = limits.iter().map(|limit| format!("ulimit {limit} && ")).collect();
    let script = format!("trap '' XFSZ; {ulimits} exec \"$0\" \"$@\"");
    let mut command = Command::new("sh");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_runlog")]).env_clear().stdin(Stdio::null());
    command
}

/// How to start a server.
pub(crate) struct Setup {
    args: Vec<String>,
    variables: Vec<(String, String)>,
    has_root_key: bool,
    /// As the shell's `ulimit` takes them.
    limits: Vec<String>,
}

impl Setup {
    /// A root key that is known, no rate limit, and every other option at its default.
    pub(crate) fn new() -> Self {
        Self { has_root_key: true, ..Self::plain() }.option("rate-limit", "0")
    }

    /// Nothing but a data folder and a port: what a user gets without any option.
    pub(crate) fn plain() -> Self {
        Self { args: Vec::new(), variables: Vec::new(), has_root_key: false, limits: Vec::new() }
    }

    /// `--name value`, in the place of an earlier value.
    pub(crate) fn option(mut self, name: &str, value: &str) -> Self {
        let prefix = format!("--{name}=");
        self.args.retain(|arg| !arg.starts_with(&prefix));
        self.args.push(format!("{prefix}{value}"));
        self
    }

    /// An environment variable.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Lets writing fail where a file would grow beyond this, as on a full disk.
    pub(crate) fn largest_file_kib(mut self, kib: u32) -> Self {
        self.limits.push(format!("-f {}", 2 * kib));
        self
    }

    /// How many files and connections the process may have open.
    pub(crate) fn open_files(mut self, count: u32) -> Self {
        self.limits.push(format!("-n {count}"));
        self
    }

    /// A server on a new data folder.
    pub(crate) fn start(self) -> Server {
        let folder = tempfile::tempdir().expect("a temporary folder");
        // One below, so that the server makes the folder itself.
        let data = folder.path().join("data");
        let process = Process::start(&self, &data);
        Server { setup: self, data, process, _folder: Some(folder) }
    }

    /// A server on a data folder that is there.
    pub(crate) fn start_on(self, data: &Path) -> Server {
        let process = Process::start(&self, data);
        Server { setup: self, data: data.to_owned(), process, _folder: None }
    }

    /// The process that would be a server on `data`.
    pub(crate) fn command(&self, data: &Path) -> Command {
        let mut command = if self.limits.is_empty() { program([""; 0]) } else { limited(&self.limits) };
        command.args(["serve", "--data"]).arg(data).args(&self.args);
        if !self.args.iter().any(|arg| arg.starts_with("--listen=")) {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        if self.has_root_key {
            command.arg("--root-key").arg(Key::root().pair());
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// A server. It is killed when this is dropped, and must not have panicked by then.
pub(crate) struct Server {
    setup: Setup,
    data: PathBuf,
    process: Process,
    _folder: Option<TempDir>,
}

impl Server {
    /// A server as [`Setup::new`] describes it.
    pub(crate) fn start() -> Self {
        Setup::new().start()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.process.address
    }

    pub(crate) fn process_id(&self) -> u32 {
        self.process.child.id()
    }

    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    /// What the server has printed on standard output.
    pub(crate) fn stdout(&self) -> String {
        self.process.stdout.text()
    }

    /// What the server has logged.
    pub(crate) fn stderr(&self) -> String {
        self.process.stderr.text()
    }

    /// A client with the root key.
    pub(crate) fn api(&self) -> Api {
        Api::new(self.address(), Key::root())
    }

    /// Asks the server to stop, and does not wait.
    pub(crate) fn terminate(&self) {
        self.signal("TERM");
    }

    /// Tells the server that its terminal is gone, or to read its options again (SIGHUP).
    pub(crate) fn hang_up(&self) {
        self.signal("HUP");
    }

    fn signal(&self, name: &str) {
        // Without unsafe code std sends no other signal than SIGKILL; every shell can.
        let kill = format!("kill -{name} {}", self.process.child.id());
        let status = Command::new("sh").args(["-c", &kill]).status().expect("a shell");
        assert!(status.success(), "{kill}");
    }

    /// Waits for the end of a server that was asked to stop.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.process.wait()
    }

    /// Stops the server as an operator does (SIGTERM).
    pub(crate) fn stop(&mut self) -> ExitStatus {
        self.terminate();
        self.wait()
    }

    /// Ends the server in the middle of whatever it does (SIGKILL).
    pub(crate) fn kill(&mut self) {
        self.process.child.kill().expect("a process to kill");
        self.process.wait();
    }

    /// Starts again on the same data, after [`Server::stop`] or [`Server::kill`].
    pub(crate) fn start_again(&mut self) {
        self.process.check();
        self.process = Process::start(&self.setup, &self.data);
    }

    /// Takes the limits back for the next start.
    pub(crate) fn lift_limits(&mut self) {
        self.setup.limits.clear();
    }

    /// Makes a key with the command line; the account's root key where there are no policies.
    pub(crate) fn make_key(&self, account: &str, policies: &[&str]) -> Key {
        let mut command = program(["keys", "create", "--account", account, "--data"]);
        command.arg(&self.data);
        for (at, policy) in policies.iter().enumerate() {
            let path = self.data.with_extension(format!("policy-{at}.json"));
            std::fs::write(&path, policy).expect("a policy file");
            command.arg("--policy").arg(path);
        }
        if policies.is_empty() {
            command.arg("--root");
        }
        let output = command.output().expect("the program");
        assert!(output.status.success(), "{output:?}");
        key_in(&output)
    }
}

/// The key that a command has printed.
pub(crate) fn key_in(output: &Output) -> Key {
    key_in_text(&String::from_utf8_lossy(&output.stdout)).unwrap_or_else(|| panic!("no key in {output:?}"))
}

/// The key in a text, if both halves are there.
pub(crate) fn key_in_text(text: &str) -> Option<Key> {
    let after = |label: &str| text.lines().find_map(|line| line.strip_prefix(label)).map(str::trim);
    Some(Key::new(after("SecretId:")?, after("SecretKey:")?))
}

struct Process {
    child: Child,
    address: SocketAddr,
    stdout: Captured,
    stderr: Captured,
}

impl Process {
    fn start(setup: &Setup, data: &Path) -> Self {
        let mut command = setup.command(data);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program");
        let stderr = Captured::read(child.stderr.take().expect("a pipe"), |_| {});
        let (first, is_up) = mpsc::channel();
        let stdout = Captured::read(child.stdout.take().expect("a pipe"), move |line| {
            // Nobody listens any more after the first line.
            let _ = first.send(line.to_owned());
        });
        let Ok(line) = is_up.recv_timeout(PATIENCE) else {
            let _ = child.kill();
            panic!("the server did not start: {}", stderr.text());
        };
        let address = line.strip_prefix("runlog serves http://").and_then(|rest| rest.split(' ').next());
        let address =
            address.and_then(|address| address.parse().ok()).unwrap_or_else(|| panic!("no address in {line}"));
        Self { child, address, stdout, stderr }
    }

    fn wait(&mut self) -> ExitStatus {
        eventually("the server's end", || self.child.try_wait().expect("a process to wait for"))
    }

    fn check(&self) {
        let log = self.stderr.text();
        assert!(!log.contains("panicked"), "the server panicked:\n{log}");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail when the process has ended before, which is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !std::thread::panicking() {
            self.check();
        }
    }
}

/// What a process writes, read at once so that it never waits for us.
struct Captured(Arc<Mutex<String>>);

impl Captured {
    fn read(pipe: impl Read + Send + 'static, mut on_line: impl FnMut(&str) + Send + 'static) -> Self {
        let text = Arc::new(Mutex::new(String::new()));
        let shared = Arc::clone(&text);
        std::thread::spawn(move || {
            let mut reader = BufReader::new(pipe);
            let mut line = Vec::new();
            while reader.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                let text = String::from_utf8_lossy(&line);
                shared.lock().unwrap_or_else(PoisonError::into_inner).push_str(&text);
                on_line(text.trim_end());
                line.clear();
            }
        });
        Self(text)
    }

    fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
