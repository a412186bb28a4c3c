//! The fields of a run in answers, as a table: JSON, CSV, the parameter `fields` and OpenAPI follow from it.
//!
//! The names are those that runs are posted with, so a row of any answer can be posted as it is.

use runlog_core::csv;
use runlog_core::{Columns, Row, Zone, billed_ms};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};

/// A field.
pub(crate) struct Field {
    pub(crate) name: &'static str,
    ty: &'static str,
    doc: &'static str,
    cell: for<'a> fn(&'a Row, &Style) -> Cell<'a>,
}

/// What a field holds.
pub(crate) enum Cell<'a> {
    Text(&'a str),
    Written(String),
    Unsigned(u64),
    Signed(i64),
    /// Microseconds, written as milliseconds with at most three decimals.
    Micros(u64),
    Absent,
}

/// Settings of the server that affect how runs are written.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// The zone of times as text.
    pub zone: Zone,
    /// Milliseconds to which billed time is rounded up.
    pub billing_step_ms: u64,
}

/// Every field, in the order of writing.
#[rustfmt::skip]
pub(crate) const FIELDS: &[Field] = &[
    field("Seq", "integer", "The sequence number of acceptance; for a run in flight, that of its latest report.",
        |row, _| Cell::Unsigned(row.seq)),
    field("Region", "string", "The region.", |row, _| Cell::Text(&row.run.stream.region)),
    field("Namespace", "string", "The namespace.", |row, _| Cell::Text(&row.run.stream.namespace)),
    field("FunctionName", "string", "The function.", |row, _| Cell::Text(&row.run.stream.function)),
    field("Qualifier", "string", "The version or alias.", |row, _| Cell::Text(&row.run.stream.qualifier)),
    field("RequestId", "string", "The run's id, unique within its function.", |row, _| Cell::Text(&row.run.request_id)),
    field("RetryNum", "integer", "0 for the first attempt.", |row, _| Cell::Unsigned(row.run.retry_num.into())),
    field("StartTime", "integer", "The start, in Unix milliseconds.", |row, _| Cell::Signed(row.run.start_ms)),
    field("StartTimeText", "string", "The start as RFC 3339, in the server's zone.",
        |row, style| Cell::Written(style.zone.format_rfc3339(row.run.start_ms))),
    field("Duration", "number", "The duration in milliseconds; for a run in flight, so far.",
        |row, _| Cell::Micros(row.run.duration_us)),
    field("BillDuration", "integer", "Billed milliseconds, as reported by the source or computed from the duration.",
        |row, style| Cell::Unsigned(row.run.bill_ms.unwrap_or_else(|| billed_ms(row.run.duration_us, style.billing_step_ms)))),
    field("MemUsage", "integer", "Peak memory, in bytes.", |row, _| Cell::Unsigned(row.run.mem_bytes)),
    field("RetCode", "integer", "0 ok, 2 running, 3 interrupted, anything else failed.",
        |row, _| Cell::Signed(row.run.ret_code.into())),
    field("InvokeFinished", "integer", "1 if the run ended by itself.",
        |row, _| Cell::Signed(row.run.invoke_finished.into())),
    field("ExitCode", "integer", "The exit code of the process; absent if there was none.",
        |row, _| row.run.exit_code.map_or(Cell::Absent, |code| Cell::Signed(code.into()))),
    field("RetMsg", "string", "What the function returned, or why it failed.", |row, _| Cell::Text(&row.run.ret_msg)),
    field("Level", "string", "The log level, usually empty.", |row, _| Cell::Text(&row.run.level)),
    field("Source", "string", "The log source, usually empty.", |row, _| Cell::Text(&row.run.source)),
    field("Log", "string", "The whole output.", |row, _| Cell::Text(&row.run.log)),
];

const fn field(
    name: &'static str,
    ty: &'static str,
    doc: &'static str,
    cell: for<'a> fn(&'a Row, &Style) -> Cell<'a>,
) -> Field {
    Field { name, ty, doc, cell }
}

/// The names of all fields.
pub fn names() -> Vec<&'static str> {
    FIELDS.iter().map(|field| field.name).collect()
}

/// The fields that an answer is to have, in the order of the table.
#[derive(Clone)]
pub struct Selection {
    fields: Vec<&'static Field>,
    style: Style,
}

impl Selection {
    /// The named fields, or all.
    pub fn new(names: Option<&[&str]>, style: Style) -> Self {
        let is_wanted = |field: &&Field| names.is_none_or(|names| names.contains(&field.name));
        Self { fields: FIELDS.iter().filter(is_wanted).collect(), style }
    }

    /// The fields' names.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.fields.iter().map(|field| field.name)
    }

    /// What the fields of a row hold, in the order of [`Self::names`].
    pub(crate) fn cells<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = Cell<'a>> {
        self.fields.iter().map(|field| (field.cell)(row, &self.style))
    }

    /// The texts that the fields need of a run.
    pub(crate) fn columns(&self) -> Columns {
        let has = |name: &str| self.names().any(|found| found == name);
        Columns { ret_msg: has("RetMsg"), log: has("Log"), level: has("Level"), source: has("Source") }
    }

    /// A row as a JSON object; that of a tail tells the event before, too.
    pub(crate) fn json<'a>(&'a self, row: &'a Row, prev_seq: Option<u64>) -> impl Serialize + 'a {
        JsonRow { selection: self, row, prev_seq }
    }

    /// The names as a line of CSV.
    pub(crate) fn csv_head(&self) -> String {
        csv::line(self.names())
    }

    /// A row as a line of CSV.
    pub(crate) fn csv(&self, row: &Row) -> String {
        let mut line = csv::Line::default();
        for cell in self.cells(row) {
            match cell {
                Cell::Text(text) => line.text(text),
                Cell::Written(text) => line.text(&text),
                Cell::Unsigned(number) => line.number(Some(number)),
                Cell::Signed(number) => line.number(Some(number)),
                Cell::Micros(us) => line.number(Some(us as f64 / 1000.0)),
                Cell::Absent => line.number(None::<u64>),
            }
        }
        line.end()
    }
}

struct JsonRow<'a> {
    selection: &'a Selection,
    row: &'a Row,
    prev_seq: Option<u64>,
}

impl Serialize for JsonRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(prev_seq) = self.prev_seq {
            // Of an event both are told, whichever fields are wanted.
            map.serialize_entry("Seq", &self.row.seq)?;
            map.serialize_entry("PrevSeq", &prev_seq)?;
        }
        for field in self.selection.fields.iter().filter(|field| self.prev_seq.is_none() || field.name != "Seq") {
            match (field.cell)(self.row, &self.selection.style) {
                Cell::Text(text) => map.serialize_entry(field.name, text)?,
                Cell::Written(text) => map.serialize_entry(field.name, &text)?,
                Cell::Unsigned(number) => map.serialize_entry(field.name, &number)?,
                Cell::Signed(number) => map.serialize_entry(field.name, &number)?,
                Cell::Micros(us) if us.is_multiple_of(1000) => map.serialize_entry(field.name, &(us / 1000))?,
                // The nearest double of a quotient is also that of its decimals, which is what gets written.
                Cell::Micros(us) => map.serialize_entry(field.name, &(us as f64 / 1000.0))?,
                Cell::Absent => {}
            }
        }
        map.end()
    }
}

/// The JSON Schema of a run, or of an event of a tail.
pub(crate) fn schema(is_event: bool) -> Value {
    let mut properties = serde_json::Map::new();
    for Field { name, ty, doc, .. } in FIELDS {
        properties.insert((*name).to_owned(), json!({ "type": ty, "description": doc }));
    }
    let mut schema = json!({
        "type": "object",
        "description": "A run; of its fields those that were asked for. It can be posted to `/api/v1/runs` as it is.",
        "properties": properties,
        "additionalProperties": false,
    });
    if is_event {
        let doc = "The number of the event before; for the first event, where the tail began. No matching report is in \
                   between.";
        schema["properties"]["PrevSeq"] = json!({ "type": "integer", "description": doc });
        schema["required"] = json!(["Seq", "PrevSeq"]);
        schema["description"] = "An accepted report of a run.".into();
    }
    schema
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use runlog_core::{Run, Stream};

    use super::*;

    fn row() -> Row {
        let stream = Stream {
            account: "1".to_owned(),
            region: "r".to_owned(),
            namespace: "n".to_owned(),
            function: "f, \"g\"".to_owned(),
            qualifier: "q".to_owned(),
        };
        let run = Run {
            stream: Arc::new(stream),
            request_id: "id".to_owned(),
            retry_num: 1,
            start_ms: 1_528_714_005_007,
            duration_us: 12_500,
            bill_ms: None,
            mem_bytes: 9,
            ret_code: -1,
            invoke_finished: 1,
            exit_code: None,
            ret_msg: String::new(),
            log: "a\nb".to_owned(),
            level: String::new(),
            source: String::new(),
        };
        Row { seq: 7, run }
    }

    fn select(names: &[&str]) -> Selection {
        Selection::new(Some(names), Style { zone: Zone::UTC8, billing_step_ms: 100 })
    }

    #[test]
    fn a_row_as_json_and_as_csv() {
        let fields =
            select(&["Log", "Duration", "BillDuration", "FunctionName", "StartTimeText", "ExitCode", "RetCode"]);
        assert_eq!(
            serde_json::to_string(&fields.json(&row(), None)).unwrap(),
            r#"{"FunctionName":"f, \"g\"","StartTimeText":"2018-06-11T18:46:45.007+08:00","Duration":12.5,"#.to_owned()
                + r#""BillDuration":100,"RetCode":-1,"Log":"a\nb"}"#
        );
        let csv = fields.csv_head() + &fields.csv(&row());
        assert_eq!(
            csv,
            "FunctionName,StartTimeText,Duration,BillDuration,RetCode,ExitCode,Log\r\n\
             \"f, \"\"g\"\"\",2018-06-11T18:46:45.007+08:00,12.5,100,-1,,\"a\nb\"\r\n"
        );
    }

    #[test]
    fn an_event_always_has_both_numbers() {
        let event = |fields: &Selection| serde_json::to_string(&fields.json(&row(), Some(5))).unwrap();
        assert_eq!(event(&select(&["RetryNum"])), r#"{"Seq":7,"PrevSeq":5,"RetryNum":1}"#);
        assert_eq!(event(&select(&["Seq"])), r#"{"Seq":7,"PrevSeq":5}"#);
    }

    /// Each text that a field shows is read for it, and no other.
    #[test]
    fn fields_say_which_texts_they_need() {
        let mut row = row();
        let run = &mut row.run;
        (run.ret_msg, run.level, run.source) = ("m".to_owned(), "l".to_owned(), "s".to_owned());
        for name in names() {
            let fields = select(&[name]);
            let shown = |row: &Row| serde_json::to_string(&fields.json(row, None)).unwrap();
            let read = Row { seq: row.seq, run: fields.columns().of(row.run.clone()) };
            assert_eq!(shown(&read), shown(&row), "{name}");
            let texts = [&read.run.ret_msg, &read.run.log, &read.run.level, &read.run.source];
            assert!(texts.iter().filter(|text| !text.is_empty()).count() <= 1, "{name}");
        }
    }
}
