//! Any command as a function: run it as it would run by itself, measure it, and make a run of it.
//!
//! The command comes first: what it prints passes through as it is, its end is our end, and nothing here waits for a
//! log server. Wall time is from a monotonic clock, from before the process is made until the kernel says that it has
//! ended. Memory is the peak of the whole process tree; `measure.rs` says how it is found.

mod capture;
mod cgroup;
mod clock;
mod files;
mod job;
mod measure;
mod record;
mod signals;
mod spawn;
mod watch;

use std::sync::Arc;
use std::thread;

use runlog_core::RunDraft;
use rustix::io::Errno;
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use wait4::Wait4;

use capture::{Ended, Output, Pump};
use cgroup::Cgroup;
use job::{Cut, Facts};
use signals::{Signals, Target};
use watch::{Rules, Watch};

pub use job::{End, Job};
pub use measure::Means;
pub use record::Progress;
pub use signals::{die_of, not_ignored};

impl Job {
    /// Runs the command to its end. `on_start` is called once it runs, with what tells how far it is.
    pub fn run(&self, on_start: impl FnOnce(Progress)) -> (RunDraft, End) {
        let start_ms = clock::now_ms();
        let signals = self.is_wrapper.then(Signals::install).flatten();
        let cgroup = Cgroup::make(self);
        let streams = spawn::streams(self);
        let started = clock::monotonic();
        let spawned = streams.and_then(|streams| spawn::spawn(self, streams, cgroup.as_ref()));
        let spawned = match spawned {
            Ok(spawned) => spawned,
            Err(error) => {
                let facts = Facts::not_started(self, &error, started.elapsed());
                return (record::finished(self, start_ms, &facts, &Output::new(self.log_max_bytes)), facts.end);
            }
        };
        let output = Arc::new(Output::new(self.log_max_bytes));
        let watch = Arc::new(Watch::default());
        on_start(Progress::new(self, start_ms, started, &output, &watch));
        let spawn::Spawned { child, pipes, has_own_group } = spawned;
        let target = Target::new(Pid::from_child(&child), has_own_group, self.is_wrapper);
        let rules = Rules::new(self, started, cgroup.as_ref());
        let ended = Ended::new();
        thread::scope(|scope| {
            let pumps: Vec<_> = pipes
                .into_iter()
                .map(|(pipe, to)| Pump { pipe, to, output: &output, ended: ended.as_ref() })
                .map(|pump| scope.spawn(|| pump.run()))
                .collect();
            let watcher = scope.spawn(|| watch.run(&rules, &target));
            let closing = signals.as_ref().map(Signals::closing);
            let relay = signals.map(|signals| scope.spawn(|| signals.relay(&target)));

            wait_for_end(target.pid);
            let duration = started.elapsed();
            let reaped = target.reap(|| child.wait4());
            watch.finish();
            let cut = watcher.join().unwrap_or_default();
            if cut.is_some() {
                // A command that had to be ended leaves no process running.
                target.kill_left();
            }
            if let Some(ended) = &ended {
                ended.tell();
            }
            for pump in pumps {
                // A pump that failed has said so.
                if let Ok(Some(left)) = pump.join() {
                    left.pass_on();
                }
            }
            if let Some(closing) = closing {
                closing.close();
            }
            let was_asked_to_end = relay.and_then(|relay| relay.join().ok()).unwrap_or_default();
            let memory = watch.memory(reaped.as_ref().map_or(0, |used| used.rusage.maxrss), cgroup.as_ref());
            let end = reaped.map_or(End::Code(1), |used| End::of(used.status));
            let cut = cut.or(cgroup.as_ref().filter(|cgroup| cgroup.ran_out()).map(|_| Cut::Memory));
            let facts = Facts { end, start_error: None, duration, memory, cut, was_asked_to_end };
            (record::finished(self, start_ms, &facts, &output), end)
        })
    }
}

/// Waits until a child has ended, and leaves it to be reaped: until then its id stays its own.
fn wait_for_end(pid: Pid) {
    while waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT)
        .is_err_and(|error| error == Errno::INTR)
    {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> RunDraft {
        Job::quiet("f", &["sh".into(), "-c".into(), script.into()]).run(|_| ()).0
    }

    #[test]
    fn output_is_kept_in_the_order_it_came() {
        let log = shell("echo one; echo two >&2; echo three").log.unwrap();
        assert!(log.contains("\none\ntwo\nthree\nEND RequestId: "), "{log}");
    }

    #[test]
    fn the_end_of_the_process_is_the_result() {
        let of = |script| {
            let run = shell(script);
            (run.ret_code, run.exit_code)
        };
        assert_eq!(of("exit 0"), (Some(0), Some(0)));
        assert_eq!(of("exit 7"), (Some(430), Some(7)));
        assert_eq!(of("kill -TERM $$"), (Some(3), None));
    }

    #[test]
    fn time_and_memory_are_measured() {
        let run = shell("sleep 0.2");
        assert!(run.duration.unwrap() >= 200.0, "{:?} ms", run.duration);
        assert!(run.mem_usage.unwrap() > 100 << 10, "{:?} bytes", run.mem_usage);
    }

    #[test]
    fn a_command_that_is_not_there_is_a_run_that_failed() {
        let (run, end) = Job::quiet("f", &["no-such-command".into()]).run(|_| ());
        assert_eq!((run.ret_code, run.exit_code, end), (Some(430), Some(127), End::Code(127)));
        assert!(run.ret_msg.unwrap().contains("cannot start no-such-command: not found"));
        assert_eq!(Job::quiet("f", &[]).run(|_| ()).1, End::Code(126));
    }
}
