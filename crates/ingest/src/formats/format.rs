//! The formats that are read, by name.

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One run a line, as `POST /api/v1/runs` takes them.
    Ndjson,
    /// JSON: a saved GetFunctionLogs answer or several, or an array of rows.
    Answer,
    /// The text of a function's log: START, END and Report lines.
    Platform,
    /// One JSON object a line with SCF_* fields, as CLS exports them.
    ScfJson,
    /// AWS Lambda logs: text with REPORT lines, or its JSON lines.
    Lambda,
    /// Apache Parquet, one run a row.
    Parquet,
}

impl Format {
    /// What [`Found::line`] counts.
    pub fn unit(self) -> &'static str {
        match self {
            Format::Answer | Format::Parquet => "row",
            _ => "line",
        }
    }

    /// Every format.
    pub const ALL: [Format; 6] =
        [Format::Ndjson, Format::Answer, Format::Platform, Format::ScfJson, Format::Lambda, Format::Parquet];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Format::Ndjson => "ndjson",
            Format::Answer => "answer",
            Format::Platform => "platform",
            Format::ScfJson => "scf-json",
            Format::Lambda => "lambda",
            Format::Parquet => "parquet",
        }
    }

    /// The format of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// What it is, in one line.
    pub fn about(self) -> &'static str {
        match self {
            Format::Ndjson => "One run a line, as `POST /api/v1/runs` takes them",
            Format::Answer => "JSON: a saved GetFunctionLogs answer or several, or an array of rows",
            Format::Platform => "The text of a function's log: START, END and Report lines",
            Format::ScfJson => "One JSON object a line with SCF_* fields, as CLS exports them",
            Format::Lambda => "AWS Lambda logs: text with REPORT lines, or its JSON lines",
            Format::Parquet => "Apache Parquet, one run a row",
        }
    }
}
