//! A control group (v2) for one command, where this process may make one.
//!
//! The group is made beside our own, or in it when it is the root, wherever the memory controller is already on for
//! such groups; nothing that exists is changed. We step into it, start the command, and step out: so the command is
//! inside from its first instruction.
#![allow(clippy::disallowed_methods, reason = "/proc and /sys are questions to the kernel, not files")]

use std::fs;
use std::path::{Path, PathBuf};

use super::{Job, Means};

/// Where control groups are, when they are of version 2.
const ROOT: &str = "/sys/fs/cgroup";

/// A control group. It is removed when this is dropped, unless something still runs in it.
pub(super) struct Cgroup {
    dir: PathBuf,
    own: PathBuf,
}

/// This process is in the group as long as this lives.
pub(super) struct Inside<'a>(&'a Cgroup);

impl Cgroup {
    /// Makes the group of a job; `None` where that is not wanted or not permitted.
    pub(super) fn make(job: &Job) -> Option<Self> {
        if job.means != Means::Auto || !job.is_wrapper {
            return None;
        }
        let membership = fs::read_to_string("/proc/self/cgroup").ok()?;
        Self::make_under(Path::new(ROOT), &membership, job)
    }

    fn make_under(root: &Path, membership: &str, job: &Job) -> Option<Self> {
        let own = membership.lines().find_map(|line| line.strip_prefix("0::/"))?;
        let own = root.join(own.trim_end());
        let parent = if own == root { root } else { own.parent()? };
        let controllers = fs::read_to_string(parent.join("cgroup.subtree_control")).ok()?;
        if !controllers.split_ascii_whitespace().any(|controller| controller == "memory") {
            return None;
        }
        let dir = parent.join(format!("runlog-{}", job.request_id));
        fs::create_dir(&dir).ok()?;
        let group = Self { dir, own };
        // Kernels before 5.19 keep no peak; then there is no use in the group.
        group.read("memory.peak")?;
        if let Some(limit) = job.memory_limit_bytes {
            group.write("memory.max", &limit.to_string())?;
            // All of the group goes at once, not a process of the kernel's choice. Swap would only hide the limit.
            group.write("memory.oom.group", "1");
            group.write("memory.swap.max", "0");
        }
        Some(group)
    }

    /// Steps into the group, until the result is dropped.
    pub(super) fn enter(&self) -> Inside<'_> {
        self.write("cgroup.procs", "0");
        Inside(self)
    }

    /// The most that the group has used at a time, in bytes.
    pub(super) fn peak_bytes(&self) -> Option<u64> {
        self.read("memory.peak")?.trim().parse().ok()
    }

    /// Whether the kernel has ended something in the group for its limit.
    pub(super) fn ran_out(&self) -> bool {
        let events = self.read("memory.events").unwrap_or_default();
        let kills = events.lines().find_map(|line| line.strip_prefix("oom_kill "));
        kills.is_some_and(|count| count.trim() != "0")
    }

    fn read(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.dir.join(name)).ok()
    }

    fn write(&self, name: &str, text: &str) -> Option<()> {
        fs::write(self.dir.join(name), text).ok()
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        // If it fails we stay in the group, which harms nobody.
        let _ = fs::write(self.0.own.join("cgroup.procs"), "0");
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        // It fails while a process that outlives the command runs in it.
        let _ = fs::remove_dir(&self.dir);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_group_is_made_where_the_memory_controller_is_off_or_groups_are_of_version_1() {
        let root = tempfile::tempdir().unwrap();
        let job = Job { means: Means::Auto, is_wrapper: true, ..Job::quiet("f", &[]) };
        let parent = root.path().join("system.slice");
        fs::create_dir_all(parent.join("cron.service")).unwrap();
        let make = |membership| Cgroup::make_under(root.path(), membership, &job).is_some();
        assert!(!make("0::/system.slice/cron.service\n"), "no list of controllers");
        fs::write(parent.join("cgroup.subtree_control"), "cpu pids\n").unwrap();
        assert!(!make("0::/system.slice/cron.service\n"), "another controller");
        assert!(!make("4:memory:/system.slice\n"), "version 1");
        fs::write(parent.join("cgroup.subtree_control"), "cpu memory pids\n").unwrap();
        assert!(!make("0::/system.slice/cron.service\n"), "a kernel that keeps no peak");
        let left: Vec<_> = fs::read_dir(&parent).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left.len(), 2, "nothing is left: {left:?}");
    }
}
