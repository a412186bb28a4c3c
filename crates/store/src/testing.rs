//! What unit tests of the engine share.

use std::sync::Arc;

use runlog_core::{Run, Stream};

/// A finished run.
pub(crate) fn finished() -> Run {
    let name = || "a".to_owned();
    let stream = Stream { account: name(), region: name(), namespace: name(), function: name(), qualifier: name() };
    Run {
        stream: Arc::new(stream),
        request_id: name(),
        retry_num: 0,
        start_ms: 5,
        duration_us: 1,
        bill_ms: None,
        mem_bytes: 1,
        ret_code: 0,
        invoke_finished: 1,
        exit_code: None,
        ret_msg: String::new(),
        log: String::new(),
        level: String::new(),
        source: String::new(),
    }
}
