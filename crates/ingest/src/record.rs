//! One record as it is sent: the dialect's own names, so that the rows of an answer can be posted as they are.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use runlog_core::{DraftStart, RET_RUNNING, Run, RunDraft, Stream, Zone, billed_ms, limits};
use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, Visitor};

/// A run as a sender writes it. Only `FunctionName` is required.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct Record<'a> {
    #[serde(borrow)]
    pub(crate) function_name: Cow<'a, str>,
    pub(crate) request_id: Option<String>,
    #[serde(borrow)]
    pub(crate) start_time: Option<StartTime<'a>>,
    /// Milliseconds.
    pub(crate) duration: Option<f64>,
    /// Milliseconds.
    pub(crate) bill_duration: Option<u64>,
    /// Bytes.
    pub(crate) mem_usage: Option<u64>,
    pub(crate) ret_code: Option<i32>,
    pub(crate) ret_msg: Option<String>,
    pub(crate) invoke_finished: Option<i32>,
    pub(crate) log: Option<String>,
    #[serde(borrow)]
    pub(crate) namespace: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) qualifier: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) region: Option<Text<'a>>,
    pub(crate) level: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) retry_num: Option<u8>,
    pub(crate) exit_code: Option<i32>,
    /// What the rows of answers have besides; it says nothing about the run.
    #[serde(rename = "Seq")]
    _seq: Option<IgnoredAny>,
    #[serde(rename = "PrevSeq")]
    _prev_seq: Option<IgnoredAny>,
    #[serde(rename = "StartTimeText")]
    _start_time_text: Option<IgnoredAny>,
}

/// A text borrowed where that is possible. (`Option<Cow<str>>` alone would always be copied.)
#[derive(Debug, Deserialize)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

/// When a run started: RFC 3339, the dialect's wall time, or Unix milliseconds as a number.
#[derive(Debug)]
pub(crate) enum StartTime<'a> {
    UnixMs(i64),
    Written(Cow<'a, str>),
}

/// What a record means where it says nothing.
pub struct Defaults<'a> {
    /// The account of the sender's key.
    pub account: &'a str,
    /// The region of records that name none.
    pub region: &'a str,
    /// The zone of times without one.
    pub zone: Zone,
    /// The current time in Unix milliseconds, the start of records that name none.
    pub now_ms: i64,
    /// The billing step, in milliseconds. Billed time that equals the value computed with it from the duration is not
    /// stored, so that a run equals its own row in an answer.
    pub billing_step_ms: u64,
}

/// Shares one [`Stream`] between the runs that name it.
#[derive(Default)]
pub(crate) struct Streams {
    known: HashMap<String, Arc<Stream>>,
    key: String,
}

impl Record<'_> {
    /// The run that this record speaks of.
    ///
    /// # Errors
    /// A sentence for the sender.
    pub(crate) fn into_run(self, defaults: &Defaults<'_>, streams: &mut Streams) -> Result<Run, String> {
        let start_ms = match self.start_time {
            None => defaults.now_ms,
            Some(StartTime::UnixMs(ms)) => ms,
            Some(StartTime::Written(text)) => {
                defaults.zone.parse(&text).map_err(|error| format!("StartTime: {error}"))?.ms
            }
        };
        let region = self.region.as_ref().map_or(defaults.region, |text| &text.0);
        if !Stream::is_region(region) {
            return Err("Region takes 1 to 64 letters, digits, - and _".to_owned());
        }
        let ret_code = self.ret_code.unwrap_or_default();
        let duration_us = duration_us(self.duration.unwrap_or_default())?;
        let follows = billed_ms(duration_us, defaults.billing_step_ms);
        Ok(Run {
            stream: streams.get(
                defaults.account,
                region,
                self.namespace.as_ref().map_or("default", |text| &text.0),
                &self.function_name,
                self.qualifier.as_ref().map_or("$LATEST", |text| &text.0),
            ),
            request_id: self.request_id.unwrap_or_else(|| uuid::Uuid::new_v4().to_string()),
            retry_num: self.retry_num.unwrap_or_default(),
            start_ms,
            duration_us,
            bill_ms: self.bill_duration.filter(|billed_ms| *billed_ms != follows),
            mem_bytes: self.mem_usage.unwrap_or_default(),
            ret_code,
            invoke_finished: self.invoke_finished.unwrap_or(i32::from(ret_code != RET_RUNNING)),
            exit_code: self.exit_code,
            ret_msg: self.ret_msg.unwrap_or_default(),
            log: self.log.unwrap_or_default(),
            level: self.level.unwrap_or_default(),
            source: self.source.unwrap_or_default(),
        })
    }
}

#[cfg(test)]
impl Defaults<'static> {
    pub(crate) const OF_TESTS: Self = Defaults {
        account: "1",
        region: "ap-guangzhou",
        zone: Zone::UTC8,
        now_ms: 1_800_000_000_000,
        billing_step_ms: 100,
    };
}

impl Record<'_> {
    /// The run that this record speaks of, for a server that is yet to complete it. `zone` is that of times without
    /// one.
    ///
    /// # Errors
    /// A sentence for the sender.
    pub(crate) fn into_draft(self, zone: Zone) -> Result<RunDraft, String> {
        let start_ms = match self.start_time {
            None => None,
            Some(StartTime::UnixMs(ms)) => Some(ms),
            Some(StartTime::Written(text)) => {
                Some(zone.parse(&text).map_err(|error| format!("StartTime: {error}"))?.ms)
            }
        };
        self.duration.map(duration_us).transpose()?;
        let owned = |text: Option<Text<'_>>| text.map(|text| text.0.into_owned());
        Ok(RunDraft {
            function_name: self.function_name.into_owned(),
            request_id: self.request_id,
            start_time: start_ms.map(DraftStart::UnixMs),
            duration: self.duration,
            bill_duration: self.bill_duration,
            mem_usage: self.mem_usage,
            ret_code: self.ret_code,
            ret_msg: self.ret_msg,
            invoke_finished: self.invoke_finished,
            log: self.log,
            namespace: owned(self.namespace),
            qualifier: owned(self.qualifier),
            region: owned(self.region),
            level: self.level,
            source: self.source,
            retry_num: self.retry_num,
            exit_code: self.exit_code,
        })
    }
}

impl Streams {
    pub(crate) fn get(
        &mut self,
        account: &str,
        region: &str,
        namespace: &str,
        function: &str,
        qualifier: &str,
    ) -> Arc<Stream> {
        self.key.clear();
        for (at, part) in [region, namespace, function, qualifier].into_iter().enumerate() {
            if at > 0 {
                self.key.push('\0');
            }
            self.key.push_str(part);
        }
        if let Some(stream) = self.known.get(&self.key) {
            // A name may itself hold a NUL; then the key is ambiguous and is not used.
            if (&*stream.region, &*stream.namespace, &*stream.function, &*stream.qualifier)
                == (region, namespace, function, qualifier)
            {
                return Arc::clone(stream);
            }
        }
        let stream = Arc::new(Stream {
            account: account.to_owned(),
            region: region.to_owned(),
            namespace: namespace.to_owned(),
            function: function.to_owned(),
            qualifier: qualifier.to_owned(),
        });
        self.known.insert(self.key.clone(), Arc::clone(&stream));
        stream
    }
}

fn duration_us(ms: f64) -> Result<u64, String> {
    let us = (ms * 1000.0).round();
    if !(0.0..=limits::NUMBER_MAX as f64).contains(&us) {
        return Err(format!("Duration is {ms}; it takes milliseconds from 0 to {}", limits::NUMBER_MAX / 1000));
    }
    Ok(us as u64)
}

/// Cuts a text that is over its limit at a character, with a marker that says so. Returns whether it did.
pub fn cut(text: &mut String, max_bytes: usize) -> bool {
    if text.len() <= max_bytes {
        return false;
    }
    let whole = text.len();
    let mut end = max_bytes.saturating_sub(cut_marker(whole).len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text.push_str(&cut_marker(whole - end));
    true
}

/// The end of a text that was cut.
pub(crate) fn cut_marker(left_out_bytes: usize) -> String {
    format!("\n[runlog: cut here, {left_out_bytes} more bytes]\n")
}

impl<'de: 'a, 'a> Deserialize<'de> for StartTime<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = StartTime<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time such as \"2026-07-01 08:00:00\", RFC 3339, or Unix milliseconds as a whole number")
            }

            fn visit_i64<E: Error>(self, ms: i64) -> Result<Self::Value, E> {
                Ok(StartTime::UnixMs(ms))
            }

            fn visit_u64<E: Error>(self, ms: u64) -> Result<Self::Value, E> {
                Ok(StartTime::UnixMs(i64::try_from(ms).unwrap_or(i64::MAX)))
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(StartTime::Written(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(StartTime::Written(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_any(Either)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULTS: Defaults<'_> = Defaults::OF_TESTS;

    fn run(json: &str) -> Result<Run, String> {
        let record: Record<'_> = serde_json::from_str(json).map_err(|error| error.to_string())?;
        record.into_run(&DEFAULTS, &mut Streams::default())
    }

    #[test]
    fn a_name_alone_is_a_run() {
        let run = run(r#"{"FunctionName":"f"}"#).unwrap();
        assert_eq!(run.stream.to_string(), "1/ap-guangzhou/default/f:$LATEST");
        assert_eq!((run.start_ms, run.ret_code, run.invoke_finished), (DEFAULTS.now_ms, 0, 1));
        assert_eq!(run.request_id.len(), 36);
    }

    #[test]
    fn three_ways_to_write_one_start() {
        for start in [r#""2018-06-11 18:46:45""#, r#""2018-06-11T10:46:45Z""#, "1528714005000"] {
            let run = run(&format!(r#"{{"FunctionName":"f","StartTime":{start}}}"#)).unwrap();
            assert_eq!(run.start_ms, 1_528_714_005_000, "{start}");
        }
    }

    #[test]
    fn billed_time_is_a_fact_only_where_it_does_not_follow_from_the_duration() {
        for (billed, kept) in [(100, None), (200, Some(200)), (7, Some(7))] {
            let run =
                run(&format!(r#"{{"FunctionName":"f","Duration":12.5,"BillDuration":{billed},"Seq":9}}"#)).unwrap();
            assert_eq!(run.bill_ms, kept, "{billed}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (json, says) in [
            (r#"{"Log":"x"}"#, "FunctionName"),
            (r#"{"FunctionName":"f","StartTime":"yesterday"}"#, "`yesterday` is not a time"),
            (r#"{"FunctionName":"f","StartTime":1.5}"#, "Unix milliseconds"),
            (r#"{"FunctionName":"f","Duration":-1}"#, "Duration is -1"),
            (r#"{"FunctionName":"f","Duration":1e300}"#, "Duration"),
            (r#"{"FunctionName":"f","MemUsage":-5}"#, "expected u64"),
            (r#"{"FunctionName":"f","MemUsed":5}"#, "unknown field `MemUsed`"),
            (r#"{"FunctionName":"f","FunctionName":"g"}"#, "duplicate field"),
        ] {
            let error = run(json).unwrap_err();
            assert!(error.contains(says), "{json}: {error}");
        }
    }

    #[test]
    fn a_long_text_is_cut_at_a_character_and_says_so() {
        let mut text = "日志".repeat(100);
        assert!(cut(&mut text, 100));
        assert!(text.len() <= 100 && text.contains("[runlog: cut here, "), "{text}");
        assert!(!cut(&mut text, 100));
    }
}
