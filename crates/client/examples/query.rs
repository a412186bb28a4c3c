//! The failed runs of a function, latest first.
//!
//! ```sh
//! RUNLOG_ENDPOINT=http://127.0.0.1:9160 RUNLOG_SECRET_ID=... RUNLOG_SECRET_KEY=... \
//!     cargo run -p runlog-client --example query -- nightly
//! ```

use std::env;
use std::error::Error;

use runlog_client::{Client, GetFunctionLogs, LogFilter, RetCode};

fn main() -> Result<(), Box<dyn Error>> {
    let endpoint = env::var("RUNLOG_ENDPOINT").unwrap_or_else(|_| "http://127.0.0.1:9160".to_owned());
    let client =
        Client::builder(endpoint).credential(env::var("RUNLOG_SECRET_ID")?, env::var("RUNLOG_SECRET_KEY")?).build()?;
    let request = GetFunctionLogs {
        function_name: env::args().nth(1),
        filter: Some(LogFilter { ret_code: Some(RetCode::Not0) }),
        ..GetFunctionLogs::default()
    };
    let mut rows = client.each_function_log(request);
    for row in rows.by_ref() {
        let row = row?;
        println!("{} {} {} {:.0} ms: {}", row.start_time, row.function_name, row.request_id, row.duration, row.ret_msg);
    }
    eprintln!("{} failed runs", rows.total_count().unwrap_or_default());
    Ok(())
}
