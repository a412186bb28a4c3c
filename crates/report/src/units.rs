//! Durations and sizes as people read them.

/// Milliseconds as `0.53 ms`, `812 ms`, `1.23 s`, `2m 05s`, `1h 02m`.
pub fn duration(ms: f64) -> String {
    if ms < 999.5 {
        return format!("{} ms", three_digits(ms));
    }
    let seconds = ms / 1000.0;
    if seconds < 59.95 {
        return format!("{} s", three_digits(seconds));
    }
    let seconds = seconds.round() as u64;
    if seconds < 3600 {
        return format!("{}m {:02}s", seconds / 60, seconds % 60);
    }
    format!("{}h {:02}m", seconds / 3600, seconds / 60 % 60)
}

/// Bytes as `0 B`, `3.0 MiB`, `45 MiB`.
pub fn size(bytes: u64) -> String {
    let mut amount = bytes as f64;
    let mut units = ["B", "KiB", "MiB", "GiB"].into_iter();
    let mut unit = units.next().unwrap_or_default();
    for larger in units {
        if amount < 1023.5 {
            break;
        }
        amount /= 1024.0;
        unit = larger;
    }
    let decimals = if unit == "B" || amount >= 9.95 { 0 } else { 1 };
    format!("{amount:.decimals$} {unit}")
}

/// A number as `1,234,567`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

fn three_digits(amount: f64) -> String {
    let decimals = match amount {
        ..9.995 => 2,
        ..99.95 => 1,
        _ => 0,
    };
    format!("{amount:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (ms, text) in [
            (0.0, "0.00 ms"),
            (0.532, "0.53 ms"),
            (9.996, "10.0 ms"),
            (45.25, "45.2 ms"),
            (812.4, "812 ms"),
            (999.5, "1.00 s"),
            (1_234.0, "1.23 s"),
            (59_960.0, "1m 00s"),
            (125_000.0, "2m 05s"),
            (3_599_600.0, "1h 00m"),
            (93_720_000.0, "26h 02m"),
        ] {
            assert_eq!(duration(ms), text);
        }
    }

    #[test]
    fn sizes() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (3_174_400, "3.0 MiB"),
            (45 << 20, "45 MiB"),
            ((1 << 20) - 1, "1.0 MiB"),
            (5 << 40, "5120 GiB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn counts() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(count(number), text);
        }
    }
}
