//! What an action takes and answers, as data. Validation, error messages, the OpenAPI description and the API
//! Explorer all read these tables, so they cannot disagree.

use runlog_core::limits::NAME_MAX_BYTES;

use crate::error::ErrorCode;
use crate::language::{Source, Text};

/// One action of the API, as data.
#[derive(Clone, Copy, Debug)]
pub struct ActionTable {
    /// The action's name, as in `X-TC-Action`.
    pub name: &'static str,
    /// The API version, as in `X-TC-Version`.
    pub version: &'static str,
    /// A few words.
    pub title: Text,
    /// What it does.
    pub doc: Text,
    /// What it takes.
    pub params: &'static [Param],
    /// What it answers, without `RequestId`, which every answer has.
    pub response: &'static [Field],
    /// The codes that it can raise, without the ones that every action can.
    pub errors: &'static [ErrorCode],
    /// How many requests a key may send in any second, unless the server says otherwise.
    pub max_per_s: u32,
    /// What a policy is about.
    pub level: ResourceLevel,
    /// Parameters of a sample call, as JSON.
    pub sample_request: &'static str,
    /// A sample answer, as JSON.
    pub sample_response: &'static str,
    /// Published pages about it.
    pub sources: &'static [&'static str],
}

/// What a CAM policy for an action is about (published).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceLevel {
    /// One function: `qcs::scf:REGION:uin/UIN:namespace/NS/function/NAME`.
    Function,
    /// The account: only `*`.
    Account,
}

/// The type of a parameter (`Type<Param>`) or of a field of an answer (`Type<Field>`).
#[derive(Clone, Copy, Debug)]
pub enum Type<M: 'static> {
    /// Text.
    String,
    /// A signed 64-bit integer.
    Integer,
    /// An unsigned 64-bit integer.
    Unsigned,
    /// A number.
    Float,
    /// True or false.
    Bool,
    /// A moment written `2017-05-16 20:00:00`.
    Timestamp,
    /// Named members.
    Struct(&'static Struct<M>),
    /// Any number of one type.
    List(&'static Type<M>),
}

/// A named group of members.
#[derive(Clone, Copy, Debug)]
pub struct Struct<M: 'static> {
    /// The name that SDKs give to it, such as `LogFilter`.
    pub name: &'static str,
    /// Its members.
    pub members: &'static [M],
}

/// One parameter.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// Its name at its level.
    pub name: &'static str,
    /// Its type.
    pub ty: Type<Param>,
    /// Whether it must be given.
    pub required: bool,
    /// The smallest and the largest value of an `Integer` or `Unsigned`.
    pub range: Option<(i64, i64)>,
    /// The values that a `String` can have; empty means any.
    pub one_of: &'static [&'static str],
    /// Whether `one_of` is compared without regard to case.
    pub any_case: bool,
    /// The longest text of a `String`, in bytes.
    pub max_bytes: usize,
    /// What is taken when it is absent, as text.
    pub default: Option<&'static str>,
    /// A value to show in a form.
    pub example: &'static str,
    /// What it means.
    pub doc: Text,
    /// Where its name and meaning come from.
    pub source: Source,
    /// The code of a bad value.
    pub invalid: ErrorCode,
}

/// One field of an answer.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name at its level.
    pub name: &'static str,
    /// Its type.
    pub ty: Type<Field>,
    /// Whether it can be `null`.
    pub nullable: bool,
    /// What it means.
    pub doc: Text,
}

impl Param {
    /// A published, optional text. Tables name what differs.
    pub const OPTIONAL: Param = Param {
        name: "",
        ty: Type::String,
        required: false,
        range: None,
        one_of: &[],
        any_case: false,
        max_bytes: NAME_MAX_BYTES,
        default: None,
        example: "",
        doc: Text::new("", ""),
        source: Source::Published,
        invalid: ErrorCode::InvalidParameterValue,
    };
}

impl Field {
    /// A field that is never `null`.
    pub const fn new(name: &'static str, ty: Type<Field>, zh: &'static str, en: &'static str) -> Self {
        Self { name, ty, nullable: false, doc: Text::new(zh, en) }
    }

    /// A field that is not known here: clients expect it, and it is always empty.
    pub const fn empty(name: &'static str, ty: Type<Field>) -> Self {
        Self::new(name, ty, "此服务没有这项信息，恒为空。", "Not known to this server; always empty.")
    }

    /// Like [`Field::empty`], for a field that can be `null` and always is.
    pub const fn null(name: &'static str, ty: Type<Field>) -> Self {
        Self { nullable: true, ..Self::empty(name, ty) }
    }
}

impl<M> Type<M> {
    /// The type's name in error messages.
    pub fn name(&self) -> &'static str {
        match self {
            Type::String => "string",
            Type::Integer => "integer",
            Type::Unsigned => "unsigned integer",
            Type::Float => "float",
            Type::Bool => "boolean",
            Type::Timestamp => "timestamp",
            Type::Struct(_) => "object",
            Type::List(_) => "array",
        }
    }
}
