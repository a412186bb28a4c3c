//! The check of a request's parameters against an action's table.
//!
//! Rules that the tables do not spell out (ours, where the documents are silent):
//! - `null`, the empty string and an empty list count as absent;
//! - a parameter that the table does not have is an error, at any level (published);
//! - an integer may be a JSON number or decimal text, since a query contains only text and loosely typed clients
//!   quote numbers; `1.0` and `1e2` are not integers;
//! - a text must be a JSON string: `"FunctionName": 12` is a type error (observed).

use super::table::{Param, Type};
use super::tree::ParamTree;
use crate::error::{ApiError, Detail, ErrorCode};
use crate::text::invalid;

/// Parameters that obey their table: every value has its type and range, every required parameter is there, and an
/// absent one has its default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checked<'a>(Vec<(&'static str, Value<'a>)>);

/// A value that obeys its row of the table.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// Of a `String` or `Timestamp`. Where the table lists values, it is spelled as the table does.
    Text(&'a str),
    /// Of an `Integer`.
    Integer(i64),
    /// Of an `Unsigned`.
    Unsigned(u64),
    /// Of a `Float`.
    Float(f64),
    /// Of a `Bool`.
    Bool(bool),
    /// Of a `Struct`.
    Struct(Checked<'a>),
    /// Of a `List`.
    List(Vec<Value<'a>>),
}

impl<'a> Checked<'a> {
    /// The value of a parameter that was given or has a default.
    pub fn get(&self, name: &str) -> Option<&Value<'a>> {
        self.0.iter().find(|(found, _)| *found == name).map(|(_, value)| value)
    }

    /// A text.
    pub fn text(&self, name: &str) -> Option<&'a str> {
        match self.get(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// A text, owned.
    pub fn string(&self, name: &str) -> Option<String> {
        self.text(name).map(str::to_owned)
    }

    /// A text that the table requires or gives a default.
    pub(crate) fn given(&self, name: &str) -> &'a str {
        self.text(name).unwrap_or_else(|| panic!("the table neither requires the text `{name}` nor gives it a default"))
    }

    /// A number that is not negative and that the table requires or gives a default.
    pub(crate) fn given_count(&self, name: &str) -> u64 {
        let count = self.count(name);
        count.unwrap_or_else(|| panic!("the table neither requires the count `{name}` nor gives it a default"))
    }

    /// The structs of a list, which the table says are structs; none when it is absent.
    pub(crate) fn groups(&self, name: &str) -> impl Iterator<Item = &Checked<'a>> {
        self.list(name).iter().map(|item| match item {
            Value::Struct(group) => group,
            _ => unreachable!("an item of a list of structs was checked to be one"),
        })
    }

    /// A number that is not negative; tables give such a range to every integer that is read with this.
    pub fn count(&self, name: &str) -> Option<u64> {
        match self.get(name) {
            Some(Value::Unsigned(number)) => Some(*number),
            Some(Value::Integer(number)) => u64::try_from(*number).ok(),
            _ => None,
        }
    }

    /// A struct.
    pub fn group(&self, name: &str) -> Option<&Checked<'a>> {
        match self.get(name) {
            Some(Value::Struct(group)) => Some(group),
            _ => None,
        }
    }

    /// The items of a list; none when it is absent.
    pub fn list(&self, name: &str) -> &[Value<'a>] {
        match self.get(name) {
            Some(Value::List(items)) => items,
            _ => &[],
        }
    }
}

/// Checks `tree` against `table`.
///
/// # Errors
/// `UnknownParameter`, `MissingParameter`, `InvalidParameter` for a wrong type, and the row's own code for a bad value.
/// Names are written with dots, as in `Filter.RetCode`.
pub fn check<'a>(tree: &'a ParamTree, table: &'static [Param]) -> Result<Checked<'a>, ApiError> {
    match tree {
        ParamTree::Null => check_members(&[], table, ""),
        ParamTree::Struct(members) => check_members(members, table, ""),
        _ => Err(invalid(Detail::NotJsonObject).with("value", "{\"Limit\": 20}")),
    }
}

fn check_members<'a>(
    members: &'a [(String, ParamTree)],
    table: &'static [Param],
    prefix: &str,
) -> Result<Checked<'a>, ApiError> {
    if let Some((name, _)) = members.iter().find(|(name, _)| table.iter().all(|param| param.name != name)) {
        return Err(ApiError::unknown(format_args!("{prefix}{name}")));
    }
    let mut checked = Vec::new();
    for param in table {
        let given = members.iter().find(|(name, _)| name == param.name).map(|(_, value)| value);
        let at = At { param, prefix };
        let value = match (given.filter(|value| !value.is_absent()), param.default) {
            (Some(given), _) => at.value(given, &param.ty)?,
            (None, Some(default)) => at.plain(default, &param.ty)?,
            (None, None) if param.required => return Err(ApiError::missing(at.name())),
            (None, None) => continue,
        };
        checked.push((param.name, value));
    }
    Ok(Checked(checked))
}

/// A row of the table, and the names of the structs around it.
struct At<'p> {
    param: &'static Param,
    prefix: &'p str,
}

impl At<'_> {
    fn name(&self) -> String {
        format!("{}{}", self.prefix, self.param.name)
    }

    fn value<'a>(&self, given: &'a ParamTree, ty: &'static Type<Param>) -> Result<Value<'a>, ApiError> {
        match (ty, given) {
            (Type::Struct(group), ParamTree::Struct(members)) => {
                check_members(members, group.members, &format!("{}.", self.name())).map(Value::Struct)
            }
            (Type::List(item), ParamTree::List(items)) => {
                let items = items.iter().enumerate().map(|(at, given)| self.item(at, given, item));
                items.collect::<Result<_, _>>().map(Value::List)
            }
            (Type::Bool, ParamTree::Bool(value)) => Ok(Value::Bool(*value)),
            (Type::Integer | Type::Unsigned | Type::Float, ParamTree::Number(text)) => self.plain(text, ty),
            (Type::Struct(_) | Type::List(_), _) => Err(self.wrong_type(ty)),
            (_, ParamTree::Text(text)) => self.plain(text, ty),
            _ => Err(self.wrong_type(ty)),
        }
    }

    fn item<'a>(&self, at: usize, given: &'a ParamTree, ty: &'static Type<Param>) -> Result<Value<'a>, ApiError> {
        match (ty, given) {
            (Type::Struct(group), ParamTree::Struct(members)) => {
                check_members(members, group.members, &format!("{}.{at}.", self.name())).map(Value::Struct)
            }
            _ => self.value(given, ty),
        }
    }

    /// A value from its text.
    fn plain<'a>(&self, text: &'a str, ty: &'static Type<Param>) -> Result<Value<'a>, ApiError> {
        match ty {
            Type::String | Type::Timestamp => self.text(text),
            Type::Integer => self.in_range(text, text.parse().ok(), i64::MIN, i64::MAX).map(Value::Integer),
            Type::Unsigned => {
                let number = text.parse::<u64>().ok();
                if self.param.range.is_none() {
                    let number = number.filter(|_| is_integer(text));
                    return number.map(Value::Unsigned).ok_or_else(|| self.out_of_range(text, 0, u64::MAX));
                }
                let number = number.and_then(|number| i64::try_from(number).ok());
                let number = self.in_range(text, number, 0, i64::MAX)?;
                u64::try_from(number).map(Value::Unsigned).map_err(|_| self.out_of_range(text, 0, i64::MAX))
            }
            Type::Float => match text.parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(Value::Float(number)),
                _ => Err(self.bad_value(text).detail(Detail::NotANumber)),
            },
            Type::Bool if text.eq_ignore_ascii_case("true") => Ok(Value::Bool(true)),
            Type::Bool if text.eq_ignore_ascii_case("false") => Ok(Value::Bool(false)),
            Type::Bool | Type::Struct(_) | Type::List(_) => Err(self.wrong_type(ty)),
        }
    }

    fn text<'a>(&self, text: &'a str) -> Result<Value<'a>, ApiError> {
        let Param { one_of, any_case, max_bytes, .. } = *self.param;
        if !one_of.is_empty() {
            let fits = |choice: &&&'static str| **choice == text || (any_case && choice.eq_ignore_ascii_case(text));
            return one_of.iter().find(fits).map(|choice| Value::Text(choice)).ok_or_else(|| self.not_one_of(text));
        }
        if text.len() > max_bytes {
            let error = ApiError::new(self.param.invalid).detail(Detail::TooLong);
            return Err(error.with("name", self.name()).with("bytes", text.len()).with("max", max_bytes));
        }
        Ok(Value::Text(text))
    }

    fn in_range(&self, text: &str, number: Option<i64>, min: i64, max: i64) -> Result<i64, ApiError> {
        let (min, max) = self.param.range.unwrap_or((min, max));
        let number = number.filter(|number| is_integer(text) && (min..=max).contains(number));
        number.ok_or_else(|| self.out_of_range(text, min, max))
    }

    fn wrong_type(&self, ty: &Type<Param>) -> ApiError {
        ApiError::wrong_type(self.name(), ty.name())
    }

    fn bad_value(&self, text: &str) -> ApiError {
        ApiError::new(self.param.invalid).with("name", self.name()).with("value", text)
    }

    fn out_of_range(&self, text: &str, min: impl std::fmt::Display, max: impl std::fmt::Display) -> ApiError {
        self.bad_value(text).detail(Detail::OutOfRange).with("min", min).with("max", max)
    }

    fn not_one_of(&self, text: &str) -> ApiError {
        let choices: Vec<String> = self.param.one_of.iter().map(|choice| format!("`{choice}`")).collect();
        self.bad_value(text).detail(Detail::NotOneOf).with("choices", choices.join(", "))
    }
}

/// Rust would also read `+1`, which no client means.
fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// A value that its table allows and this server cannot honour.
pub(crate) fn not_kept(name: &str, value: &str) -> ApiError {
    ApiError::new(ErrorCode::UnsupportedOperation).detail(Detail::NotKept).with("name", name).with("value", value)
}
