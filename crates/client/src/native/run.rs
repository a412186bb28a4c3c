//! A run in an answer, and the check that each field that was asked for has arrived.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// The fields that an answer must have.
#[derive(Clone, Debug)]
pub(super) enum Fields {
    /// Every field but the exit code, which some runs do not have.
    All,
    /// The fields of a request's `fields`.
    Some(String),
}

/// The name of a field that an answer should have and does not.
#[derive(Debug)]
pub(super) struct MissingField(&'static str);

impl Fields {
    /// The fields of a request.
    pub(super) fn of(fields: Option<&str>) -> Self {
        fields.map_or(Self::All, |fields| Self::Some(fields.to_owned()))
    }

    fn has(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Some(names) => names.split(',').any(|wanted| wanted.trim() == name),
        }
    }

    /// The value of a field; empty for one that was not asked for.
    fn take<T: Default>(&self, name: &'static str, value: Option<T>) -> Result<T, MissingField> {
        match value {
            Some(value) => Ok(value),
            None if self.has(name) => Err(MissingField(name)),
            None => Ok(T::default()),
        }
    }
}

impl std::fmt::Display for MissingField {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a run has no field `{}`", self.0)
    }
}

/// Declares [`RunRow`] together with the form in which it arrives, so that no field can be in one of them only.
macro_rules! run_row {
    ($($(#[$doc:meta])* $field:ident: $type:ty = $name:literal,)*) => {
        /// A run. Written as JSON, `POST /api/v1/runs` takes it as it is.
        ///
        /// Read from JSON, each field but `ExitCode` and `StartTimeText` must be there.
        #[derive(Clone, Debug, Default, PartialEq, Serialize)]
        pub struct RunRow {
            $($(#[$doc])* #[serde(rename = $name)] pub $field: $type,)*
            /// The exit code of the process, if there was one.
            #[serde(rename = "ExitCode", skip_serializing_if = "Option::is_none")]
            pub exit_code: Option<i32>,
        }

        /// A run as it arrives, with any of its fields.
        #[derive(Deserialize)]
        pub(super) struct Received {
            $(#[serde(rename = $name)] $field: Option<$type>,)*
            #[serde(rename = "ExitCode")]
            exit_code: Option<i32>,
            /// Of the events of a tail.
            #[serde(rename = "PrevSeq")]
            pub(super) prev_seq: Option<u64>,
        }

        impl Received {
            /// The run, if it has the fields that were asked for.
            pub(super) fn run(self, fields: &Fields) -> Result<RunRow, MissingField> {
                Ok(RunRow { $($field: fields.take($name, self.$field)?,)* exit_code: self.exit_code })
            }
        }
    };
}

run_row! {
    /// The sequence number of acceptance; of a run in flight, that of its latest report.
    seq: u64 = "Seq",
    /// The region.
    region: String = "Region",
    /// The namespace.
    namespace: String = "Namespace",
    /// The function.
    function_name: String = "FunctionName",
    /// The version or alias.
    qualifier: String = "Qualifier",
    /// The run's id in its function.
    request_id: String = "RequestId",
    /// 0 for the first attempt.
    retry_num: u8 = "RetryNum",
    /// When it started, in Unix milliseconds.
    start_time: i64 = "StartTime",
    /// The same as RFC 3339, in the server's zone.
    #[serde(skip_serializing_if = "String::is_empty")]
    start_time_text: String = "StartTimeText",
    /// How long it took, in milliseconds.
    duration: f64 = "Duration",
    /// Billed time, in milliseconds.
    bill_duration: u64 = "BillDuration",
    /// Peak memory, in bytes.
    mem_usage: u64 = "MemUsage",
    /// 0 ok, 2 running, 3 interrupted, anything else failed.
    ret_code: i32 = "RetCode",
    /// 1 when the run ended by itself.
    invoke_finished: i32 = "InvokeFinished",
    /// What the function returned, or why it failed.
    ret_msg: String = "RetMsg",
    /// Log level, mostly empty.
    level: String = "Level",
    /// Log source, mostly empty.
    source: String = "Source",
    /// The whole output.
    log: String = "Log",
}

impl Received {
    /// The runs of an answer.
    pub(super) fn runs(received: Vec<Self>, fields: &Fields) -> Result<Vec<RunRow>, MissingField> {
        received.into_iter().map(|run| run.run(fields)).collect()
    }
}

impl<'de> Deserialize<'de> for RunRow {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut received = Received::deserialize(deserializer)?;
        received.start_time_text.get_or_insert_default();
        received.run(&Fields::All).map_err(|MissingField(name)| D::Error::missing_field(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str, fields: &Fields) -> Result<RunRow, String> {
        let received: Received = serde_json::from_str(json).map_err(|error| error.to_string())?;
        received.run(fields).map_err(|missing| missing.to_string())
    }

    #[test]
    fn a_field_that_was_asked_for_must_be_there() {
        let asked = Fields::of(Some("Seq, Duration"));
        let run = read(r#"{"Seq":4,"Duration":1.5,"Later":true}"#, &asked).unwrap();
        assert_eq!((run.seq, run.duration, run.log.as_str()), (4, 1.5, ""));
        assert_eq!(read(r#"{"Seq":4,"Length":1.5}"#, &asked).unwrap_err(), "a run has no field `Duration`");
        assert!(read(r#"{"Seq":4}"#, &Fields::All).unwrap_err().contains("`Region`"));
    }

    #[test]
    fn a_written_run_reads_as_the_same_and_a_part_of_one_does_not_read() {
        let run = RunRow { function_name: "f".to_owned(), exit_code: Some(3), ..RunRow::default() };
        let text = serde_json::to_string(&run).unwrap();
        assert_eq!(serde_json::from_str::<RunRow>(&text).unwrap(), run);
        let error = serde_json::from_str::<RunRow>(&text.replace("MemUsage", "Memory")).unwrap_err();
        assert!(error.to_string().contains("missing field `MemUsage`"), "{error}");
    }
}
