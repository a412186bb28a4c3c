//! What a type needs to be that of an option, and the types of numbers, texts, paths and addresses.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use runlog_core::Zone;

/// A type that an option can have.
pub trait OptionValue: Sized {
    /// Whether the flag alone means true.
    const IS_SWITCH: bool = false;
    /// Reads the value; the error says what is expected.
    fn read(text: &str) -> Result<Self, String>;
}

impl OptionValue for bool {
    const IS_SWITCH: bool = true;

    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| format!("`{text}` is neither true nor false"))
    }
}

impl OptionValue for String {
    fn read(text: &str) -> Result<Self, String> {
        if text.is_empty() { Err("it is empty".to_owned()) } else { Ok(text.to_owned()) }
    }
}

impl OptionValue for PathBuf {
    fn read(text: &str) -> Result<Self, String> {
        String::read(text).map(PathBuf::from)
    }
}

impl<T: OptionValue> OptionValue for Option<T> {
    fn read(text: &str) -> Result<Self, String> {
        if text.is_empty() { Ok(None) } else { T::read(text).map(Some) }
    }
}

impl OptionValue for Zone {
    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|error: <Self as FromStr>::Err| error.to_string())
    }
}

impl OptionValue for SocketAddr {
    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| format!("`{text}` is not an address; write it as 127.0.0.1:9160 or [::]:9160"))
    }
}

impl OptionValue for u32 {
    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| format!("`{text}` is not a whole number from 0 to {}", u32::MAX))
    }
}

impl OptionValue for u64 {
    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| format!("`{text}` is not a whole number from 0 to {}", u64::MAX))
    }
}
