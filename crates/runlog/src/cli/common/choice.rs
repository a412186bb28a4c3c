//! Values of flags that a library names.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use runlog_ingest::formats::Format;
use runlog_runner::Means;

/// The formats of files to import.
pub(in crate::cli) fn format() -> impl TypedValueParser<Value = Format> {
    let values = Format::ALL.map(|format| PossibleValue::new(format.name()).help(format.about()));
    let unknown = "no such format";
    PossibleValuesParser::new(values).try_map(move |name| Format::named(&name).ok_or(unknown))
}

/// The ways to measure memory.
pub(in crate::cli) fn means() -> impl TypedValueParser<Value = Means> {
    let values = Means::ALL.map(|means| PossibleValue::new(means.name()).help(means.about()));
    let unknown = "no such means";
    PossibleValuesParser::new(values).try_map(move |name| Means::named(&name).ok_or(unknown))
}
