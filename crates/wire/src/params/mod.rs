//! Parameters: the tree that every form is read into, the table of an action's parameters, and the check of a tree
//! against a table.

mod check;
mod json;
mod multipart;
mod names;
mod table;
mod tree;

pub(crate) use check::not_kept;
pub use check::{Checked, Value, check};
pub use table::{ActionTable, Field, Param, ResourceLevel, Struct, Type};
pub use tree::ParamTree;

pub(crate) use json::from_json;
pub(crate) use multipart::{from_multipart, media_type};
pub(crate) use names::from_pairs;
