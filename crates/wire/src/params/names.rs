//! Nested parameters as flat names: `Filter.RetCode`, `Filters.0.Values.1`.
//!
//! The names with dots and list items numbered from 0 are published. Names with brackets (`Filter[RetCode]`) are how
//! the PHP SDK writes them under signature v1 (observed); they mean the same here.

use super::tree::ParamTree;
use crate::error::{ApiError, Detail};
use crate::limits::PARAM_MAX_DEPTH;
use crate::text::invalid;

/// Builds the tree from flat names. A group whose members are all numbers is a list.
///
/// # Errors
/// `InvalidParameter` for a malformed name, for a name that is both a value and a group, for a list with a gap, and
/// for names that nest too deep.
pub(crate) fn from_pairs<'a>(pairs: impl Iterator<Item = (&'a str, ParamTree)>) -> Result<ParamTree, ApiError> {
    let mut root = Group::default();
    for (name, value) in pairs {
        let path = path(name).ok_or_else(|| invalid(Detail::NameMalformed).with("name", name))?;
        if path.len() > PARAM_MAX_DEPTH {
            return Err(invalid(Detail::TooDeep).with("max", PARAM_MAX_DEPTH));
        }
        root.insert(&path, value).map_err(|detail| invalid(detail).with("name", name))?;
    }
    let members: Result<_, _> =
        root.0.into_iter().map(|(name, node)| Ok((name.to_owned(), node.tree(name)?))).collect();
    members.map(ParamTree::Struct)
}

/// The parts of a name; `None` when it is malformed.
fn path(name: &str) -> Option<Vec<&str>> {
    let parts: Vec<&str> = match name.split_once('[') {
        None => name.split('.').take(PARAM_MAX_DEPTH + 1).collect(),
        Some((root, rest)) => {
            let inside = rest.strip_suffix(']')?;
            std::iter::once(root).chain(inside.split("][")).take(PARAM_MAX_DEPTH + 1).collect()
        }
    };
    let well_formed = |part: &&str| !part.is_empty() && !part.contains(['[', ']']);
    parts.iter().all(well_formed).then_some(parts)
}

enum Node<'a> {
    Leaf(ParamTree),
    Group(Group<'a>),
}

#[derive(Default)]
struct Group<'a>(Vec<(&'a str, Node<'a>)>);

impl<'a> Group<'a> {
    fn insert(&mut self, path: &[&'a str], value: ParamTree) -> Result<(), Detail> {
        let Some((&name, rest)) = path.split_first() else {
            return Err(Detail::NameMalformed);
        };
        match self.0.iter_mut().find(|(found, _)| *found == name) {
            Some((_, Node::Group(group))) if !rest.is_empty() => group.insert(rest, value),
            Some((_, Node::Leaf(_))) if rest.is_empty() => Err(Detail::GivenTwice),
            Some(_) => Err(Detail::ValueAndGroup),
            None if rest.is_empty() => {
                self.0.push((name, Node::Leaf(value)));
                Ok(())
            }
            None => {
                let mut group = Group::default();
                group.insert(rest, value)?;
                self.0.push((name, Node::Group(group)));
                Ok(())
            }
        }
    }
}

impl Node<'_> {
    fn tree(self, name: &str) -> Result<ParamTree, ApiError> {
        let group = match self {
            Node::Leaf(value) => return Ok(value),
            Node::Group(group) => group,
        };
        let mut members = Vec::with_capacity(group.0.len());
        for (part, node) in group.0 {
            members.push((part, node.tree(&format!("{name}.{part}"))?));
        }
        if !members.iter().all(|(part, _)| part.bytes().all(|byte| byte.is_ascii_digit())) {
            return Ok(ParamTree::Struct(members.into_iter().map(|(part, value)| (part.to_owned(), value)).collect()));
        }
        // By length first, so that 10 comes after 9; then any leading zero or gap shows as a difference.
        members.sort_by_key(|(part, _)| (part.len(), *part));
        if members.iter().enumerate().any(|(at, (part, _))| at.to_string() != *part) {
            return Err(invalid(Detail::IndexGap).with("name", name));
        }
        Ok(ParamTree::List(members.into_iter().map(|(_, value)| value).collect()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(value: &str) -> ParamTree {
        ParamTree::Text(value.to_owned())
    }

    fn tree(names: &[&str]) -> Result<ParamTree, ApiError> {
        from_pairs(names.iter().map(|name| (*name, text("v"))))
    }

    #[test]
    fn dots_and_brackets_mean_the_same() {
        let expected = ParamTree::Struct(vec![
            ("Filter".into(), ParamTree::Struct(vec![("RetCode".into(), text("v"))])),
            (
                "Filters".into(),
                ParamTree::List(vec![ParamTree::Struct(vec![("Values".into(), ParamTree::List(vec![text("v")]))])]),
            ),
        ]);
        assert_eq!(tree(&["Filter.RetCode", "Filters.0.Values.0"]), Ok(expected.clone()));
        assert_eq!(tree(&["Filter[RetCode]", "Filters[0][Values][0]"]), Ok(expected));
    }

    #[test]
    fn lists_may_come_in_any_order_but_whole() {
        let names: Vec<String> = (0..12).rev().map(|at| format!("L.{at}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert!(matches!(tree(&names).unwrap().get("L"), Some(ParamTree::List(items)) if items.len() == 12));
        for names in [&["L.1"][..], &["L.0", "L.2"], &["L.00"], &["L.0", "L.4294967296"], &["L.99999999999999999999"]] {
            assert_eq!(tree(names).unwrap_err().arg("name"), Some("L"), "{names:?}");
        }
    }

    #[test]
    fn malformed_names_are_errors() {
        let deep = "A.".repeat(1 << 18) + "A";
        for names in [
            &["."][..],
            &["A."],
            &[".A"],
            &["A..B"],
            &["A["],
            &["A[B"],
            &["A[]"],
            &["[B]"],
            &["A[B]C"],
            &["A]"],
            &["A[B]]"],
            &["A[[B]"],
            &["A", "A.B"],
            &["A.B", "A"],
            &["A.B", "A[B]"],
            &["A.B.C", "A.B"],
            &[deep.as_str()],
        ] {
            assert_eq!(tree(names).unwrap_err().code(), "InvalidParameter", "{names:?}");
        }
    }

    fn trees() -> impl Strategy<Value = ParamTree> {
        let leaf = "\\PC{1,8}".prop_map(ParamTree::Text);
        let nested = leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 1..4).prop_map(ParamTree::List),
                members(inner, 1..4).prop_map(ParamTree::Struct),
            ]
        });
        members(nested, 0..5).prop_map(ParamTree::Struct)
    }

    fn members(
        values: impl Strategy<Value = ParamTree>,
        size: std::ops::Range<usize>,
    ) -> impl Strategy<Value = Vec<(String, ParamTree)>> {
        prop::collection::btree_map("[A-Za-z_][A-Za-z0-9_]{0,6}", values, size)
            .prop_map(|map| map.into_iter().collect())
    }

    proptest! {
        #[test]
        fn flat_and_back(tree in trees()) {
            let pairs = tree.flatten();
            let back = from_pairs(pairs.iter().map(|(name, value)| (name.as_str(), text(value))));
            prop_assert_eq!(back, Ok(tree));
        }

        #[test]
        fn any_names_are_a_tree_or_an_error(names in prop::collection::vec("[A.\\[\\]0-9中]{0,12}", 0..8)) {
            if let Ok(tree) = from_pairs(names.iter().map(|name| (name.as_str(), text("v")))) {
                let mut fields: Vec<String> = tree.flatten().into_iter().map(|(name, _)| name).collect();
                fields.sort();
                let dotted = |name: String| name.replace("][", ".").replace('[', ".").replace(']', "");
                let mut names: Vec<String> = names.into_iter().map(dotted).collect();
                names.sort();
                prop_assert_eq!(fields, names);
            }
        }
    }
}
