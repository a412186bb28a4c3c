//! A JSON body as a [`ParamTree`].
//!
//! `serde_json` reads the grammar. This module adds what it would accept or lose: a name given twice, the text of
//! numbers, and limits on how deep and how large the tree may be.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::tree::ParamTree;
use crate::error::{ApiError, Detail};
use crate::limits::{PARAM_MAX_DEPTH, PARAM_MAX_VALUES, STRUCT_MAX_FIELDS};
use crate::text::invalid;

/// Reads a whole body. An empty body and `null` mean no parameters: some SDKs send `null`, and nothing is an honest
/// way to say nothing (ours).
///
/// # Errors
/// `InvalidParameter` for what is not JSON or not an object, for a name given twice, and for a tree outside the
/// limits.
pub(crate) fn from_json(body: &[u8]) -> Result<ParamTree, ApiError> {
    let text = std::str::from_utf8(body)
        .map_err(|error| invalid(Detail::NotUtf8).with("value", format_args!("byte {}", error.valid_up_to())))?;
    let text = text.trim_ascii();
    if text.is_empty() {
        return Ok(ParamTree::empty());
    }
    match read(text)? {
        ParamTree::Null => Ok(ParamTree::empty()),
        tree @ ParamTree::Struct(_) => Ok(tree),
        _ => Err(invalid(Detail::NotJsonObject).with("value", "{\"Limit\": 20}")),
    }
}

/// Reads any JSON value.
pub(super) fn read(text: &str) -> Result<ParamTree, ApiError> {
    let raw: &RawValue = serde_json::from_str(text).map_err(|error| not_json(&error))?;
    Reader { values_left: PARAM_MAX_VALUES }.value(raw, PARAM_MAX_DEPTH)
}

struct Reader {
    values_left: usize,
}

impl Reader {
    fn value(&mut self, raw: &RawValue, depth_left: usize) -> Result<ParamTree, ApiError> {
        let text = raw.get();
        self.values_left =
            self.values_left.checked_sub(1).ok_or_else(|| invalid(Detail::TooMany).with("max", PARAM_MAX_VALUES))?;
        match text.as_bytes().first() {
            Some(b'n') => Ok(ParamTree::Null),
            Some(b't') => Ok(ParamTree::Bool(true)),
            Some(b'f') => Ok(ParamTree::Bool(false)),
            Some(b'"') => serde_json::from_str(text).map(ParamTree::Text).map_err(|error| not_json(&error)),
            Some(b'[' | b'{') if depth_left == 0 => Err(invalid(Detail::TooDeep).with("max", PARAM_MAX_DEPTH)),
            Some(b'[') => self.list(text, depth_left - 1),
            Some(b'{') => self.members(text, depth_left - 1),
            _ => Ok(ParamTree::Number(text.to_owned())),
        }
    }

    fn list(&mut self, text: &str, depth_left: usize) -> Result<ParamTree, ApiError> {
        let Items(items) = serde_json::from_str(text).map_err(|error| not_json(&error))?;
        let items: Result<_, _> = items.into_iter().map(|item| self.value(item, depth_left)).collect();
        items.map(ParamTree::List)
    }

    fn members(&mut self, text: &str, depth_left: usize) -> Result<ParamTree, ApiError> {
        let Members(members) = serde_json::from_str(text).map_err(|error| not_json(&error))?;
        let mut tree: Vec<(String, ParamTree)> = Vec::with_capacity(members.len());
        for (name, value) in members {
            if tree.iter().any(|(known, _)| *known == name) {
                return Err(invalid(Detail::GivenTwice).with("name", name));
            }
            tree.push((name, self.value(value, depth_left)?));
        }
        Ok(ParamTree::Struct(tree))
    }
}

/// The items of an array, unread, at most [`PARAM_MAX_VALUES`] of them.
struct Items<'a>(Vec<&'a RawValue>);

/// The members of an object, unread, at most [`STRUCT_MAX_FIELDS`] of them.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Items<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ItemsVisitor;
        impl<'de> Visitor<'de> for ItemsVisitor {
            type Value = Items<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    if items.len() == PARAM_MAX_VALUES {
                        return Err(serde::de::Error::custom("an array has too many items"));
                    }
                    items.push(item);
                }
                Ok(Items(items))
            }
        }
        deserializer.deserialize_seq(ItemsVisitor)
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;
        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    if members.len() == STRUCT_MAX_FIELDS {
                        return Err(serde::de::Error::custom("an object has too many members"));
                    }
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(MembersVisitor)
    }
}

fn not_json(error: &serde_json::Error) -> ApiError {
    invalid(Detail::NotJson).with("reason", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> ParamTree {
        ParamTree::Text(value.to_owned())
    }

    #[test]
    fn every_kind_of_value() {
        let tree = from_json(br#" {"A": "\u4e2d\n\"", "B": -1.50e3, "C": [true, null], "D": {"E": ""}} "#).unwrap();
        let expected = ParamTree::Struct(vec![
            ("A".into(), text("中\n\"")),
            ("B".into(), ParamTree::Number("-1.50e3".into())),
            ("C".into(), ParamTree::List(vec![ParamTree::Bool(true), ParamTree::Null])),
            ("D".into(), ParamTree::Struct(vec![("E".into(), text(""))])),
        ]);
        assert_eq!(tree, expected);
    }

    #[test]
    fn no_parameters() {
        for body in ["{}", "null", "", " \r\n ", "{ }"] {
            assert_eq!(from_json(body.as_bytes()), Ok(ParamTree::empty()), "{body:?}");
        }
    }

    #[test]
    fn hostile_bodies_are_errors() {
        let deep = |levels: usize| format!("{}1{}", "{\"A\":".repeat(levels), "}".repeat(levels));
        let many_items = format!("{{\"A\":[{}0]}}", "0,".repeat(PARAM_MAX_VALUES));
        let members: Vec<String> = (0..=STRUCT_MAX_FIELDS).map(|at| format!("\"k{at}\":0")).collect();
        let lists = format!("{{\"A\":[{}[]]}}", format!("[{}0],", "0,".repeat(70)).repeat(70));
        let bodies: [&[u8]; 18] = [
            b"{",
            b"{\"A\":",
            b"{\"A\":\"",
            b"{\"A\":1}x",
            b"{\"A\":01}",
            b"{\"A\":NaN}",
            b"{'A':1}",
            b"{\"A\":1,}",
            b"{\"A\":\"\\ud800\"}",
            b"[]",
            b"1",
            b"\"x\"",
            b"{\"A\":1,\"A\":2}",
            b"{\"A\":{\"B\":1,\"\\u0042\":2}}",
            b"\xff\xfe",
            many_items.as_bytes(),
            lists.as_bytes(),
            &[b'['; 1 << 20],
        ];
        for body in bodies {
            let error = from_json(body).unwrap_err();
            assert_eq!(error.code(), "InvalidParameter", "{}", String::from_utf8_lossy(body));
        }
        assert!(from_json(format!("{{{}}}", members.join(",")).as_bytes()).is_err());
        assert!(from_json(deep(PARAM_MAX_DEPTH).as_bytes()).is_ok());
        assert!(from_json(deep(PARAM_MAX_DEPTH + 1).as_bytes()).is_err());
        assert!(from_json(deep(100_000).as_bytes()).is_err());
    }
}
