//! A value of a finding: what the request has, or a few words about it in both languages.

use std::fmt;

use runlog_wire::{Language, Text};
use serde::{Serialize, Serializer};

/// What a finding compares. Serializes as its text, words in English.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// A value, as it is.
    Value(String),
    /// Words.
    Words(Text),
}

impl Shown {
    /// The text in one language.
    pub fn get(&self, language: Language) -> &str {
        match self {
            Shown::Value(value) => value,
            Shown::Words(words) => words.get(language),
        }
    }

    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.get(Language::English).is_empty()
    }
}

impl From<String> for Shown {
    fn from(value: String) -> Self {
        Shown::Value(value)
    }
}

impl From<&String> for Shown {
    fn from(value: &String) -> Self {
        Shown::Value(value.clone())
    }
}

impl From<&str> for Shown {
    fn from(value: &str) -> Self {
        Shown::Value(value.to_owned())
    }
}

impl From<Text> for Shown {
    fn from(words: Text) -> Self {
        Shown::Words(words)
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.get(Language::English))
    }
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.get(Language::English))
    }
}
