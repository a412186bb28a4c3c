//! Durations as the dialect writes them.

use serde::{Serialize, Serializer};

/// Microseconds, written as a number of milliseconds with at most three decimals.
pub(super) struct Milliseconds(pub(super) u64);

impl Serialize for Milliseconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_multiple_of(1000) {
            return serializer.serialize_u64(self.0 / 1000);
        }
        // The nearest double of a quotient is also the nearest double of its decimals, which is what gets written.
        serializer.serialize_f64(self.0 as f64 / 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_have_at_most_three_decimals() {
        for (us, text) in [
            (532, "0.532"),
            (8000, "8"),
            (0, "0"),
            (1, "0.001"),
            (1_500, "1.5"),
            (123_456_789, "123456.789"),
            ((1 << 48) - 1, "281474976710.655"),
        ] {
            assert_eq!(serde_json::to_string(&Milliseconds(us)).unwrap(), text);
        }
    }
}
