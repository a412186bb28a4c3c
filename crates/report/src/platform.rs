//! What platform lines in a log tell: the configured memory, and cold starts.
//!
//! ```text
//! Init Report RequestId: ID Coldstart: 236ms (PullCode: 70ms InitRuntime: 8ms InitFunction: 158ms) Memory: 640MB
//! Report RequestId:ID Duration:1ms Memory:128MB MemUsage:29.734375MB
//! REPORT RequestId: ID  Duration: 102.25 ms  Memory Size: 128 MB  Max Memory Used: 45 MB  Init Duration: 183.37 ms
//! ```
//!
//! SCF says the start of an instance in the `Coldstart` of an Init Report (published: "How It Works" of SCF); AWS
//! Lambda as `Init Duration` of a REPORT. `Provisioned Report` lines speak of instances that were started ahead, so
//! no run waited for them. Only whole platform lines count, not what a function prints.

use runlog_ingest::formats::measure::{bytes, millis};

use crate::source::{Source, Version};

/// The texts that platform lines hold which tell of the memory and the end of a run.
pub(crate) const REPORTS: [&str; 2] = ["Report RequestId", "REPORT RequestId"];

/// The texts that a cold start leaves in a log.
pub(crate) const COLD: [&str; 2] = ["Coldstart:", "Init Duration:"];

/// The start of an instance that a run waited for, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct ColdStart {
    pub(crate) total_ms: f64,
    /// Fetching the code, where the platform says.
    pub(crate) code_ms: Option<f64>,
    /// Starting the runtime.
    pub(crate) runtime_ms: Option<f64>,
    /// The function's own initialisation.
    pub(crate) function_ms: Option<f64>,
}

/// The configured memory of a version, in bytes, as its runs of the window say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) bytes: u64,
    /// Whether it was another one at the beginning of the window.
    pub(crate) has_changed: bool,
}

/// The configured memory that a log tells.
pub(crate) fn limit_bytes(log: &str) -> Option<u64> {
    let line = log.lines().rev().find(|line| REPORTS.iter().any(|start| line.starts_with(start)))?;
    bytes(line, "Memory").or_else(|| bytes(line, "Memory Size")).filter(|bytes| *bytes > 0)
}

/// The cold start that a log tells, if there was one.
pub(crate) fn cold_start(log: &str) -> Option<ColdStart> {
    log.lines().find_map(|line| {
        if line.starts_with("Init Report RequestId") {
            let total_ms = millis(line, "Coldstart")?;
            let part = |name| millis(line, name);
            let (code_ms, runtime_ms) = (part("PullCode"), part("InitRuntime"));
            return Some(ColdStart { total_ms, code_ms, runtime_ms, function_ms: part("InitFunction") });
        }
        let total_ms = line.starts_with("REPORT RequestId").then(|| millis(line, "Init Duration"))??;
        Some(ColdStart { total_ms, ..ColdStart::default() })
    })
}

/// The configured memory of a version: what its newest report says, compared with its oldest one of the window.
pub(crate) fn limit_of<S: Source>(source: &S, version: &Version) -> Result<Option<Limit>, S::Error> {
    let said = |newest_first: bool| -> Result<Option<u64>, S::Error> {
        for text in REPORTS {
            let logs = source.logs(version, text, newest_first)?;
            if let Some(bytes) = logs.iter().find_map(|log| limit_bytes(log)) {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    };
    let Some(bytes) = said(true)? else { return Ok(None) };
    let has_changed = said(false)?.is_some_and(|first| first != bytes);
    Ok(Some(Limit { bytes, has_changed }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_of_both_platforms() {
        let scf = "START RequestId:r\nInit Report RequestId: r Coldstart: 236ms (PullCode: 70ms InitRuntime: 8ms \
                   InitFunction: 158ms) Memory: 640MB MemUsage: 57.86MB\nhello\nEND RequestId:r\n\
                   Report RequestId:r Duration:1ms Memory:128MB MemUsage:29.734375MB\n";
        assert_eq!(limit_bytes(scf), Some(128 << 20));
        let cold = cold_start(scf).unwrap();
        assert_eq!((cold.total_ms, cold.code_ms, cold.runtime_ms), (236.0, Some(70.0), Some(8.0)));
        assert_eq!(cold.function_ms, Some(158.0));
        let lambda = "REPORT RequestId: r\tDuration: 102.25 ms\tBilled Duration: 103 ms\tMemory Size: 512 MB\t\
                      Max Memory Used: 45 MB\tInit Duration: 183.37 ms\t\n";
        assert_eq!(limit_bytes(lambda), Some(512 << 20));
        assert_eq!(cold_start(lambda).map(|cold| cold.total_ms), Some(183.37));
    }

    #[test]
    fn what_a_function_prints_tells_nothing() {
        for log in ["", "Coldstart: 5ms\n", "my Report RequestId:r Memory:128MB\n", "Init Duration: 9 ms\n"] {
            assert_eq!((limit_bytes(log), cold_start(log)), (None, None), "{log}");
        }
        let warm = "Report RequestId:r Duration:1ms Memory:128MB MemUsage:29MB\n";
        assert_eq!(cold_start(warm), None);
    }
}
