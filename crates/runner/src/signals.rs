//! Signals: what is sent to this program reaches the command, and what ends the command ends this program.
//!
//! Without a terminal the command leads a process group of its own, and signals go to the whole group. On a terminal it
//! shares ours, and the terminal itself signals both of us; then only what somebody sent to this program alone is
//! handed on, to each process of the tree.
#![allow(clippy::disallowed_methods, reason = "/proc is a question to the kernel, not a file")]

use std::sync::{Mutex, PoisonError};

use rustix::process::{Pid, Resource, Rlimit, Signal, getpid, kill_process, kill_process_group, setrlimit};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGUSR1, SIGUSR2, SIGWINCH};
use signal_hook::iterator::SignalsInfo;
use signal_hook::iterator::backend::Handle;
use signal_hook::iterator::exfiltrator::WithOrigin;
use signal_hook::low_level::siginfo::Cause;

use super::{measure, spawn};

/// What asks a command to end.
const ASK_TO_END: [i32; 4] = [SIGTERM, SIGINT, SIGHUP, SIGQUIT];

/// What else is handed on.
const HANDED_ON: [i32; 2] = [SIGUSR1, SIGUSR2];

/// What a terminal does by itself, and is handed on without one.
const OF_TERMINALS: [i32; 3] = [SIGTSTP, SIGCONT, SIGWINCH];

/// The signals of this program, from before the command starts.
pub(super) struct Signals {
    info: SignalsInfo<WithOrigin>,
    has_terminal: bool,
}

/// Ends [`Signals::relay`].
pub(super) struct Closing(Handle);

/// The command, as far as it can be signalled. Once it is reaped its id may be another's, so it is signalled no more.
pub(super) struct Target {
    pub(super) pid: Pid,
    has_own_group: bool,
    /// Whether processes that outlive the command become our children.
    pub(super) adopts: bool,
    is_reaped: Mutex<bool>,
}

impl Signals {
    /// Takes the signals that are handed on, except those that our parent has us ignore (`nohup`): the command then
    /// ignores them too. `None` where that fails, which is said; the command runs without it.
    pub(super) fn install() -> Option<Self> {
        let has_terminal = spawn::has_terminal();
        let of_terminals = OF_TERMINALS.into_iter().filter(|_| !has_terminal);
        let wanted = not_ignored(ASK_TO_END.into_iter().chain(HANDED_ON).chain(of_terminals));
        match SignalsInfo::new(wanted) {
            Ok(info) => Some(Self { info, has_terminal }),
            Err(error) => {
                eprintln!("runlog: signals are not handed on: {error}");
                None
            }
        }
    }

    pub(super) fn closing(&self) -> Closing {
        Closing(self.info.handle())
    }

    /// Hands signals on until it is closed. Says whether one of them asked to end.
    pub(super) fn relay(mut self, target: &Target) -> bool {
        let mut was_asked_to_end = false;
        for origin in self.info.forever() {
            was_asked_to_end |= ASK_TO_END.contains(&origin.signal);
            let is_everyones = self.has_terminal && origin.cause == Cause::Kernel;
            if let (Some(signal), false) = (Signal::from_named_raw(origin.signal), is_everyones) {
                target.send(signal);
            }
            if origin.signal == SIGTSTP {
                // Stopped together with the command, until somebody continues us. It cannot fail for a known signal.
                let _ = signal_hook::low_level::emulate_default_handler(SIGTSTP);
            }
        }
        was_asked_to_end
    }
}

impl Closing {
    pub(super) fn close(self) {
        self.0.close();
    }
}

impl Target {
    pub(super) fn new(pid: Pid, has_own_group: bool, adopts: bool) -> Self {
        Self { pid, has_own_group, adopts, is_reaped: Mutex::new(false) }
    }

    /// Sends a signal to the command and what it has started.
    pub(super) fn send(&self, signal: Signal) {
        let is_reaped = self.is_reaped.lock().unwrap_or_else(PoisonError::into_inner);
        // A process that has ended meanwhile needs no signal.
        if *is_reaped {
        } else if self.has_own_group {
            let _ = kill_process_group(self.pid, signal);
        } else {
            send_to(&measure::tree(self.pid, false), signal);
        }
    }

    /// Kills the command and all that has come of it, also what has left its group.
    pub(super) fn kill(&self) {
        self.send(Signal::KILL);
        let is_reaped = self.is_reaped.lock().unwrap_or_else(PoisonError::into_inner);
        if !*is_reaped {
            send_to(&measure::tree(self.pid, self.adopts), Signal::KILL);
        }
    }

    /// Kills what is left when the command itself has ended.
    pub(super) fn kill_left(&self) {
        if self.adopts {
            let left = measure::tree(self.pid, true);
            send_to(&left[1..], Signal::KILL);
        }
    }

    /// Reaps the command; signals sent at the same moment come before or not at all.
    pub(super) fn reap<T>(&self, reap: impl FnOnce() -> T) -> T {
        let mut is_reaped = self.is_reaped.lock().unwrap_or_else(PoisonError::into_inner);
        *is_reaped = true;
        reap()
    }
}

fn send_to(pids: &[Pid], signal: Signal) {
    for pid in pids {
        // One that has ended meanwhile needs no signal.
        let _ = kill_process(*pid, signal);
    }
}

/// Ends this process as the command has ended, so that its parent sees the same.
pub fn die_of(signal: i32) {
    // The command has left its core already; ours would tell nothing.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    let _ = match Signal::from_named_raw(signal) {
        Some(kill @ Signal::KILL) => kill_process(getpid(), kill).map_err(Into::into),
        _ => signal_hook::low_level::emulate_default_handler(signal),
    };
}

/// Those of some signals that our parent does not have us ignore.
pub fn not_ignored(signals: impl IntoIterator<Item = i32>) -> Vec<i32> {
    let ignored = ignored();
    signals.into_iter().filter(|signal| ignored & (1 << (signal - 1)) == 0).collect()
}

/// The signals that our parent has us ignore, as a mask.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}
