//! How much memory a command and all that it starts use.
//!
//! Three accounts, and the record says which one it has:
//!
//! - `rusage`: the kernel's own peak of the largest single process (`ru_maxrss`, what `time -v` shows). Exact for one
//!   process. The kernel begins it with the memory of the process that it was forked from, which is why the command is
//!   forked while this program is still small (`spawn.rs`).
//! - `samples`: the sum over all processes of the tree, at the moment when it was largest of those that were looked at.
//!   Pages that processes share are counted once, in parts (Pss). A peak between two looks is missed.
//! - `cgroup`: the kernel's peak of a control group that holds the tree (v2, `memory.peak`). It includes the files that
//!   the tree has read or written and that are still cached, as a limit of that group does. It is used for more than
//!   one process; for one, `rusage` is what people compare with.
#![allow(clippy::disallowed_methods, reason = "/proc and /sys are questions to the kernel, not files")]

use std::fs;
use std::path::Path;

use rustix::process::{Pid, WaitOptions, getpid, waitpid};

/// How memory is to be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    /// By a control group where this process may make one, else by looking at the processes.
    Auto,
    /// By looking at the processes.
    Processes,
}

impl Means {
    /// Every means.
    pub const ALL: [Means; 2] = [Means::Auto, Means::Processes];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Means::Auto => "auto",
            Means::Processes => "processes",
        }
    }

    /// The means of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|means| means.name() == name)
    }

    /// What it does, in one line.
    pub fn about(self) -> &'static str {
        match self {
            Means::Auto => "By a control group where this process may make one, else by looking at the processes",
            Means::Processes => "By looking at the processes",
        }
    }
}

/// A peak of memory, and which account it is from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Memory {
    pub(super) bytes: u64,
    pub(super) account: &'static str,
}

/// What one look at a tree has found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    /// Processes that are alive.
    pub(super) processes: usize,
    /// What they use together, in bytes.
    pub(super) bytes: u64,
}

/// `root` and its descendants; and, if `adopts`, the processes that outlive their parents, which are then children of
/// this process.
pub(super) fn tree(root: Pid, adopts: bool) -> Vec<Pid> {
    let mut found = vec![root];
    if adopts {
        found.extend(children(getpid()).into_iter().filter(|child| *child != root));
    }
    let mut at = 0;
    while let Some(parent) = found.get(at) {
        let next = children(*parent);
        found.extend(next);
        at += 1;
    }
    found
}

/// Looks at a tree once.
pub(super) fn look(root: Pid, adopts: bool) -> Look {
    let tree = tree(root, adopts);
    if let [one] = tree[..] {
        let bytes = status(one, "VmRSS:").unwrap_or_default();
        return Look { processes: 1, bytes };
    }
    let shares: Vec<u64> = tree.into_iter().filter_map(share).collect();
    Look { processes: shares.len(), bytes: shares.iter().sum() }
}

/// Takes away what is left of adopted processes that have ended.
pub(super) fn reap_adopted(root: Pid) {
    for child in children(getpid()).into_iter().filter(|child| *child != root) {
        // One that is alive stays; one that is gone is gone.
        let _ = waitpid(Some(child), WaitOptions::NOHANG);
    }
}

/// The memory of this machine, in bytes.
pub(super) fn machine_bytes() -> Option<u64> {
    field(&fs::read_to_string("/proc/meminfo").ok()?, "MemTotal:")
}

/// A process's part of the memory that it shares, and all of its own; `None` for one that has ended.
fn share(pid: Pid) -> Option<u64> {
    let rollup = fs::read_to_string(proc(pid).join("smaps_rollup")).ok();
    rollup.and_then(|text| field(&text, "Pss:")).or_else(|| status(pid, "VmRSS:"))
}

/// A figure of `/proc/PID/status`, in bytes.
fn status(pid: Pid, name: &str) -> Option<u64> {
    field(&fs::read_to_string(proc(pid).join("status")).ok()?, name)
}

/// The figure of a line such as `VmRSS:  1234 kB`, in bytes.
fn field(text: &str, name: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.trim().trim_end_matches("kB").trim().parse::<u64>().ok().map(|kib| kib << 10)
}

/// The children of a process, of each of its threads.
fn children(pid: Pid) -> Vec<Pid> {
    let threads = fs::read_dir(proc(pid).join("task")).into_iter().flatten().flatten();
    let lists = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists.flat_map(|list| list.split_ascii_whitespace().filter_map(pid_of).collect::<Vec<_>>()).collect()
}

fn pid_of(text: &str) -> Option<Pid> {
    Pid::from_raw(text.parse().ok()?)
}

fn proc(pid: Pid) -> std::path::PathBuf {
    Path::new("/proc").join(pid.as_raw_nonzero().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_the_kernel_are_read() {
        assert_eq!(field("Name:\tx\nVmRSS:\t    1234 kB\n", "VmRSS:"), Some(1234 << 10));
        assert_eq!(field("Name:\tx\n", "VmRSS:"), None);
        assert!(machine_bytes().is_some_and(|bytes| bytes > 64 << 20));
    }

    #[test]
    fn a_tree_is_known_with_the_children_of_its_children() {
        let mut child = std::process::Command::new("sh").args(["-c", "sleep 30 & sleep 30 & wait"]).spawn().unwrap();
        let root = Pid::from_child(&child);
        while tree(root, false).len() < 3 {
            std::thread::yield_now();
        }
        let look = look(root, false);
        assert!(look.processes == 3 && look.bytes > 100 << 10, "{look:?}");
        for pid in tree(root, false) {
            rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
        }
        child.wait().unwrap();
    }
}
