//! Any text as a cursor, a time or a zone gives an error, or a value whose written form reads as the same value.
#![no_main]

use libfuzzer_sys::fuzz_target;
use runlog_core::{Cursor, Zone};

fuzz_target!(|text: &str| {
    if let Ok(cursor) = Cursor::decode(text) {
        assert_eq!(cursor.encode(), text);
    }
    if let Ok(time) = Zone::UTC8.parse(text) {
        let written = Zone::UTC8.format_rfc3339(time.ms);
        assert_eq!(Zone::UTC.parse(&written).map(|again| again.ms), Ok(time.ms), "{text} is {written}");
    }
    if let Ok(zone) = text.parse::<Zone>() {
        assert_eq!(zone.to_string().parse(), Ok(zone));
    }
});
