//! A struct of an answer, written from its table.
//!
//! Several answers have many fields, and a server of run logs knows few of them. Clients that decode strictly need all,
//! so the table lists them, and an unknown field is written as the empty value of its type.

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::params::{Field, Type};

/// A struct: every field of `fields`, with the value in `known` where there is one. All known values are texts.
pub(super) struct Filled<'a> {
    pub(super) fields: &'static [Field],
    pub(super) known: Vec<(&'static str, &'a str)>,
}

impl Serialize for Filled<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.fields.len()))?;
        for field in self.fields {
            match self.known.iter().find(|(name, _)| *name == field.name) {
                Some((_, value)) => map.serialize_entry(field.name, value)?,
                None => map.serialize_entry(field.name, &Empty(field))?,
            }
        }
        map.end()
    }
}

/// The empty value of a field.
struct Empty(&'static Field);

impl Serialize for Empty {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.ty {
            _ if self.0.nullable => serializer.serialize_none(),
            Type::String | Type::Timestamp => serializer.serialize_str(""),
            Type::Integer | Type::Unsigned | Type::Float => serializer.serialize_u8(0),
            Type::Bool => serializer.serialize_bool(false),
            Type::Struct(group) => Filled { fields: group.members, known: Vec::new() }.serialize(serializer),
            Type::List(_) => serializer.collect_seq(std::iter::empty::<()>()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::Struct;

    #[test]
    fn what_is_not_known_is_empty() {
        const INNER: &[Field] = &[Field::empty("A", Type::String), Field::empty("B", Type::Float)];
        const FIELDS: &[Field] = &[
            Field::empty("Known", Type::String),
            Field::empty("Text", Type::Timestamp),
            Field::null("Null", Type::Integer),
            Field::empty("Group", Type::Struct(&Struct { name: "Inner", members: INNER })),
            Field::empty("List", Type::List(&Type::String)),
            Field::empty("Flag", Type::Bool),
        ];
        let filled = Filled { fields: FIELDS, known: vec![("Known", "k")] };
        assert_eq!(
            serde_json::to_string(&filled).unwrap(),
            r#"{"Known":"k","Text":"","Null":null,"Group":{"A":"","B":0},"List":[],"Flag":false}"#
        );
    }
}
