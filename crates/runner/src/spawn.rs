//! How a command is started: its pipes, its process group, its environment.

use std::fs::OpenOptions;
use std::io::{self, PipeReader, PipeWriter};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use rustix::fs::fstat;
use rustix::process::{getegid, getgid, set_child_subreaper};

use super::Job;
use super::capture::To;
use super::cgroup::Cgroup;

/// A command that runs.
pub(super) struct Spawned {
    pub(super) child: Child,
    /// What it prints, and where that goes.
    pub(super) pipes: Vec<(PipeReader, Option<To>)>,
    /// Whether it leads a process group of its own.
    pub(super) has_own_group: bool,
}

/// The pipes of a command that is to be started.
pub(super) struct Streams {
    pipes: Vec<(PipeReader, Option<To>)>,
    stdout: PipeWriter,
    stderr: PipeWriter,
}

/// Makes the pipes. If standard output and standard error are one file, they share one pipe, which keeps the order of
/// the output. If they are two, each keeps its own order.
pub(super) fn streams(job: &Job) -> io::Result<Streams> {
    let (reader, stdout) = io::pipe()?;
    if !job.is_wrapper || is_one_file() {
        let stderr = stdout.try_clone()?;
        return Ok(Streams { pipes: vec![(reader, job.is_wrapper.then_some(To::Stdout))], stdout, stderr });
    }
    let (errors, stderr) = io::pipe()?;
    Ok(Streams { pipes: vec![(reader, Some(To::Stdout)), (errors, Some(To::Stderr))], stdout, stderr })
}

fn is_one_file() -> bool {
    let (stdout, stderr) = (fstat(io::stdout()), fstat(io::stderr()));
    matches!((stdout, stderr), (Ok(out), Ok(err)) if (out.st_dev, out.st_ino) == (err.st_dev, err.st_ino))
}

/// Starts the command.
pub(super) fn spawn(job: &Job, streams: Streams, cgroup: Option<&Cgroup>) -> io::Result<Spawned> {
    // In a group of its own, the whole of it can be signalled. On a terminal it shares ours: there the terminal's own
    // signals, stopping and continuing then reach it as if we were not there.
    let has_own_group = job.is_wrapper && !has_terminal();
    if job.is_wrapper {
        // Processes that outlive the command become our children, so that the tree stays known.
        let _ = set_child_subreaper(Some(rustix::process::getpid()));
    }
    let _inside = cgroup.map(Cgroup::enter);
    let mut command = command(job, &streams, has_own_group)?;
    let child = if getgid() == getegid() {
        // A group id, even our own, makes the standard library fork where it would otherwise share our memory until the
        // program is loaded; and then the kernel counts our memory as the command's.
        let forked = command.gid(getegid().as_raw()).spawn();
        // Where the id may not be set (a user namespace without it), the other way.
        forked.or_else(|error| match error.raw_os_error() {
            Some(code) if code == rustix::io::Errno::INVAL.raw_os_error() => {
                self::command(job, &streams, has_own_group)?.spawn()
            }
            _ => Err(error),
        })
    } else {
        command.spawn()
    };
    Ok(Spawned { child: child?, pipes: streams.pipes, has_own_group })
}

fn command(job: &Job, streams: &Streams, has_own_group: bool) -> io::Result<Command> {
    let Some((program, arguments)) = job.command.split_first() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "there is no command to run"));
    };
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(if job.is_wrapper { Stdio::inherit() } else { Stdio::null() })
        .stdout(streams.stdout.try_clone()?)
        .stderr(streams.stderr.try_clone()?)
        .env("RUNLOG_REQUEST_ID", &job.request_id)
        .env("RUNLOG_FUNCTION", &job.function)
        .env("RUNLOG_NAMESPACE", job.namespace.as_deref().unwrap_or("default"))
        .env("RUNLOG_QUALIFIER", job.qualifier.as_deref().unwrap_or("$LATEST"));
    if let Some(path) = &job.result_file {
        command.env("RUNLOG_RESULT_FILE", path);
    }
    if has_own_group {
        command.process_group(0);
    }
    Ok(command)
}

/// Whether this process has a controlling terminal.
pub(super) fn has_terminal() -> bool {
    OpenOptions::new().read(true).open("/dev/tty").is_ok()
}
