//! The threads that flush and merge, so that writers do not have to.

use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use crate::engine::{Engine, Flags};
use crate::error::{Doing, Result};

/// Starts the threads; they end when they are told to stop.
pub(crate) fn start(engine: &Arc<Engine>) -> Result<Vec<JoinHandle<()>>> {
    let flush = Arc::clone(engine);
    let merge = Arc::clone(engine);
    let threads = [
        Builder::new().name("runlog-flush".into()).spawn(move || run(&flush, |flags| &mut flags.flush, flush_some)),
        Builder::new().name("runlog-merge".into()).spawn(move || run(&merge, |flags| &mut flags.merge, merge_some)),
    ];
    threads.into_iter().map(|thread| thread.doing(|| "start a thread".into())).collect()
}

fn flush_some(engine: &Engine) -> Result<()> {
    engine.flush_sealed()?;
    engine.work.tell(|flags| flags.merge = true);
    Ok(())
}

fn merge_some(engine: &Engine) -> Result<()> {
    while !engine.work.flags().stop && engine.merge_tier()? {}
    Ok(())
}

/// Does `work` whenever its flag is raised. A failure has poisoned the store already, which ends the thread.
fn run(engine: &Engine, flag: fn(&mut Flags) -> &mut bool, work: fn(&Engine) -> Result<()>) {
    loop {
        let mut flags = engine.work.flags();
        while !flags.stop && !*flag(&mut flags) {
            flags = flags.wait(&engine.work.changed);
        }
        if flags.stop {
            return;
        }
        *flag(&mut flags) = false;
        drop(flags);
        if work(engine).is_err() {
            return;
        }
    }
}
