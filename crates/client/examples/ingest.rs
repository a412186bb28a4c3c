//! Stores a hundred runs of a made-up nightly job.
//!
//! ```sh
//! RUNLOG_ENDPOINT=http://127.0.0.1:9160 RUNLOG_SECRET_ID=... RUNLOG_SECRET_KEY=... \
//!     cargo run -p runlog-client --example ingest -- nightly
//! ```

use std::env;
use std::error::Error;

use runlog_client::{Client, Clock, NewRun, SystemClock};

fn main() -> Result<(), Box<dyn Error>> {
    let endpoint = env::var("RUNLOG_ENDPOINT").unwrap_or_else(|_| "http://127.0.0.1:9160".to_owned());
    let client =
        Client::builder(endpoint).credential(env::var("RUNLOG_SECRET_ID")?, env::var("RUNLOG_SECRET_KEY")?).build()?;
    let function = env::args().nth(1).unwrap_or_else(|| "nightly".to_owned());
    let now_ms = SystemClock.now_ms();
    let runs = (0..100).map(|minute: i64| {
        let failed = minute % 10 == 9;
        NewRun {
            duration: Some(40.0 + minute as f64),
            mem_usage: Some(32 << 20),
            ret_code: Some(if failed { 430 } else { 0 }),
            ret_msg: failed.then(|| "exit status 1".to_owned()),
            log: Some(format!("step {minute} done\n")),
            ..NewRun::new(&function, now_ms - minute * 60_000)
        }
    });
    let report = client.put_runs(runs)?;
    println!("{} accepted, {} duplicates, last number {}", report.accepted, report.duplicates, report.seq);
    for refused in &report.refused {
        eprintln!("run {}: {}: {}", refused.index, refused.code, refused.message);
    }
    Ok(())
}
