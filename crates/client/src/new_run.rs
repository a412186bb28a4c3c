//! A run that is to be stored.

use std::fmt::Display;
use std::time::SystemTime;

use runlog_core::{DraftStart, RunDraft};
use serde::{Deserialize, Serialize};

use crate::FunctionLog;
use crate::clock::unix_ms;

/// A run to store. Only the function's name is required.
///
/// The region, namespace, function, request id and retry number together are the run's identity: reports that share
/// it are stored once. A report with [`ret_code`](Self::ret_code) 2 says that the run has started; a later one
/// replaces it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NewRun {
    /// The function, cron job, build step: whatever ran.
    pub function_name: String,
    /// The run's id. Absent: one is made before the run is sent for the first time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// When it started. Absent: when it is put.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<StartTime>,
    /// How long it took, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<f64>,
    /// Billed time, in milliseconds. Absent: the server rounds the duration up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bill_duration: Option<u64>,
    /// Peak memory, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mem_usage: Option<u64>,
    /// 0 ok (also when absent), 2 running, 3 interrupted, anything else failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ret_code: Option<i32>,
    /// What the function returned, or why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ret_msg: Option<String>,
    /// 1 when the run ended by itself (also when absent, unless it is running).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invoke_finished: Option<i32>,
    /// The whole output; beyond 6 MiB the server cuts it and says so in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
    /// The namespace. Absent: `default`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The version or alias. Absent: `$LATEST`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qualifier: Option<String>,
    /// The region. Absent: the client's, then the server's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Log level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// Log source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// 0 for the first attempt (also when absent).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_num: Option<u8>,
    /// The exit code of the process, where there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
}

/// When a run started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum StartTime {
    /// Unix milliseconds.
    UnixMs(i64),
    /// RFC 3339, or `YYYY-MM-DD HH:MM:SS` in the server's zone.
    Text(String),
}

impl NewRun {
    /// A run of a function under a fresh request id, so that it can be put again after an error and is stored once.
    pub fn new(function_name: impl Into<String>, start_time: impl Into<StartTime>) -> Self {
        Self {
            function_name: function_name.into(),
            request_id: Some(fresh_id()),
            start_time: Some(start_time.into()),
            ..Self::default()
        }
    }

    /// Fixes what the server would otherwise choose anew for each try, which would make two runs, or two different
    /// reports of one run, out of one that was sent twice.
    pub(crate) fn settle(&mut self, region: Option<&str>, now_ms: impl FnOnce() -> i64) {
        self.request_id.get_or_insert_with(fresh_id);
        self.start_time.get_or_insert_with(|| StartTime::UnixMs(now_ms()));
        if self.region.is_none() {
            self.region = region.map(str::to_owned);
        }
    }
}

fn fresh_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

impl From<RunDraft> for NewRun {
    fn from(draft: RunDraft) -> Self {
        Self {
            function_name: draft.function_name,
            request_id: draft.request_id,
            start_time: draft.start_time.map(|start| match start {
                DraftStart::UnixMs(ms) => StartTime::UnixMs(ms),
                DraftStart::Text(text) => StartTime::Text(text),
            }),
            duration: draft.duration,
            bill_duration: draft.bill_duration,
            mem_usage: draft.mem_usage,
            ret_code: draft.ret_code,
            ret_msg: draft.ret_msg,
            invoke_finished: draft.invoke_finished,
            log: draft.log,
            namespace: draft.namespace,
            qualifier: draft.qualifier,
            region: draft.region,
            level: draft.level,
            source: draft.source,
            retry_num: draft.retry_num,
            exit_code: draft.exit_code,
        }
    }
}

/// Without its start, which names no zone.
impl TryFrom<FunctionLog> for NewRun {
    /// A sentence about a number that no run can have.
    type Error = String;

    fn try_from(row: FunctionLog) -> Result<Self, String> {
        let too_large = |name: &str, value: &dyn Display| format!("{name} is {value}, which no run can have");
        let ret_code = i32::try_from(row.ret_code).map_err(|_| too_large("RetCode", &row.ret_code))?;
        let finished = i32::try_from(row.invoke_finished);
        Ok(Self {
            function_name: row.function_name,
            request_id: Some(row.request_id),
            duration: Some(row.duration),
            bill_duration: Some(row.bill_duration),
            mem_usage: Some(row.mem_usage),
            ret_code: Some(ret_code),
            ret_msg: Some(row.ret_msg),
            invoke_finished: Some(finished.map_err(|_| too_large("InvokeFinished", &row.invoke_finished))?),
            log: Some(row.log),
            retry_num: Some(u8::try_from(row.retry_num).map_err(|_| too_large("RetryNum", &row.retry_num))?),
            level: Some(row.level),
            source: Some(row.source),
            ..Self::default()
        })
    }
}

impl From<i64> for StartTime {
    /// Unix milliseconds.
    fn from(unix_ms: i64) -> Self {
        StartTime::UnixMs(unix_ms)
    }
}

impl From<&str> for StartTime {
    fn from(text: &str) -> Self {
        StartTime::Text(text.to_owned())
    }
}

impl From<String> for StartTime {
    fn from(text: String) -> Self {
        StartTime::Text(text)
    }
}

impl From<SystemTime> for StartTime {
    /// The moment in Unix milliseconds; it must be before the year 292 million.
    fn from(moment: SystemTime) -> Self {
        StartTime::UnixMs(unix_ms(moment))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_dialects_and_absent_stays_absent() {
        let run = NewRun { duration: Some(1.5), exit_code: Some(2), ..NewRun::default() };
        assert_eq!(serde_json::to_string(&run).unwrap(), r#"{"FunctionName":"","Duration":1.5,"ExitCode":2}"#);
    }

    #[test]
    fn what_was_given_is_kept_and_the_rest_is_settled_once() {
        let mut run = NewRun { function_name: "f".to_owned(), ..NewRun::default() };
        run.settle(Some("ap-beijing"), || 7);
        assert_eq!((run.start_time.clone(), run.region.as_deref()), (Some(StartTime::UnixMs(7)), Some("ap-beijing")));
        let settled = run.clone();
        run.settle(Some("ap-shanghai"), || 8);
        assert_eq!(run, settled);
        assert_ne!(NewRun::new("f", 1).request_id, NewRun::new("f", 1).request_id);
    }
}
