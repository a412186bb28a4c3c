//! The tree of parameters that every form of request is read into.

/// The parameters of a request, whatever form they came in.
///
/// Numbers keep their text, so that one that fits no type can still be shown to its sender. Names in a struct are
/// unique. Nothing nests deeper than [`crate::limits::PARAM_MAX_DEPTH`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParamTree {
    /// JSON `null`.
    Null,
    /// JSON `true` or `false`.
    Bool(bool),
    /// A JSON number, as it was written.
    Number(String),
    /// A JSON string, or any value of a query or form.
    Text(String),
    /// A JSON array, or the values under names that end in 0, 1, 2 ...
    List(Vec<ParamTree>),
    /// A JSON object, or the values under a common name. In the order as sent.
    Struct(Vec<(String, ParamTree)>),
}

impl ParamTree {
    /// No parameters.
    pub fn empty() -> Self {
        ParamTree::Struct(Vec::new())
    }

    /// The member of a struct.
    pub fn get(&self, name: &str) -> Option<&ParamTree> {
        match self {
            ParamTree::Struct(members) => members.iter().find(|(found, _)| found == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// Whether a value says nothing: `null`, the empty string or an empty list. Many clients write what their caller
    /// left out in one of these ways, so they count as absent (ours).
    pub fn is_absent(&self) -> bool {
        match self {
            ParamTree::Null => true,
            ParamTree::Text(text) => text.is_empty(),
            ParamTree::List(items) => items.is_empty(),
            _ => false,
        }
    }

    /// The tree as fields of a query or form: a dot between names, list items numbered from 0 (published). Absent
    /// values and empty structs leave no field.
    pub fn flatten(&self) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        self.flatten_into("", &mut pairs);
        pairs
    }

    fn flatten_into(&self, name: &str, pairs: &mut Vec<(String, String)>) {
        let inside = |part: &str| if name.is_empty() { part.to_owned() } else { format!("{name}.{part}") };
        match self {
            ParamTree::Null => {}
            ParamTree::Bool(value) => pairs.push((name.to_owned(), value.to_string())),
            ParamTree::Number(text) | ParamTree::Text(text) if !text.is_empty() => {
                pairs.push((name.to_owned(), text.clone()));
            }
            ParamTree::Number(_) | ParamTree::Text(_) => {}
            ParamTree::List(items) => {
                for (at, item) in items.iter().enumerate() {
                    item.flatten_into(&inside(&at.to_string()), pairs);
                }
            }
            ParamTree::Struct(members) => {
                for (part, value) in members {
                    value.flatten_into(&inside(part), pairs);
                }
            }
        }
    }
}
