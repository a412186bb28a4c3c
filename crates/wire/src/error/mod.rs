//! Errors of the dialect: a code that is never translated, and a message in the caller's language.
//!
//! Codes are one table ([`ErrorCode`]), the more specific messages another ([`Detail`]). Messages are templates with
//! named arguments, because the two languages need the same facts in different positions.

mod codes;
mod details;

use std::fmt;

pub use codes::{CodeRow, ErrorCode};
pub use details::Detail;

use crate::language::{Language, Text};
use crate::limits::ECHO_MAX_CHARS;

/// An error as the caller will see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    code: ErrorCode,
    detail: Option<Detail>,
    args: Vec<(&'static str, String)>,
}

impl ApiError {
    /// An error with the code's general message. The message's arguments are given with [`ApiError::with`].
    pub fn new(code: ErrorCode) -> Self {
        Self { code, detail: None, args: Vec::new() }
    }

    /// Replaces the general message of the code with a more specific one.
    #[must_use]
    pub fn detail(mut self, detail: Detail) -> Self {
        self.detail = Some(detail);
        self
    }

    /// The same message under another code.
    #[must_use]
    pub fn under(mut self, code: ErrorCode) -> Self {
        self.code = code;
        self
    }

    /// Gives one argument of the message. What is longer than [`ECHO_MAX_CHARS`] is cut.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        let mut value = value.to_string();
        if let Some((cut, _)) = value.char_indices().nth(ECHO_MAX_CHARS) {
            value.truncate(cut);
            value.push('…');
        }
        self.args.push((name, value));
        self
    }

    /// A required parameter or common parameter is absent.
    pub fn missing(name: impl fmt::Display) -> Self {
        Self::new(ErrorCode::MissingParameter).with("name", name)
    }

    /// A parameter that the action does not have.
    pub fn unknown(name: impl fmt::Display) -> Self {
        Self::new(ErrorCode::UnknownParameter).with("name", name)
    }

    /// A value of the wrong type; `expected` is the type's name.
    pub fn wrong_type(name: impl fmt::Display, expected: &'static str) -> Self {
        Self::new(ErrorCode::InvalidParameter).with("name", name).with("type", expected)
    }

    /// More requests than the rate limit allows; `times` were counted in the second.
    pub fn rate_limited(times: u64, limit: u64) -> Self {
        Self::new(ErrorCode::RequestLimitExceeded).with("times", times).with("limit", limit)
    }

    /// No policy allows the action on the resource, or one denies it. The message also carries the request id,
    /// which [`crate::envelope::failure`] adds.
    pub fn cam_refused(action: &str, resource: impl fmt::Display) -> Self {
        Self::new(ErrorCode::UnauthorizedOperationCam).with("action", action).with("resource", resource)
    }

    /// A region that this server does not serve.
    pub fn unsupported_region(region: &str) -> Self {
        Self::new(ErrorCode::UnsupportedRegion).with("value", region)
    }

    /// A request larger than `max` bytes.
    pub fn too_large(max: usize) -> Self {
        Self::new(ErrorCode::RequestSizeLimitExceeded).with("max", max)
    }

    /// A body that stopped arriving.
    pub fn body_cut_off() -> Self {
        Self::new(ErrorCode::InvalidRequest).detail(Detail::BodyCutOff)
    }

    /// There is no memory for the body at the moment; `option` bounds it.
    pub fn no_room(option: &str) -> Self {
        Self::new(ErrorCode::ServiceUnavailable).detail(Detail::NoRoomForBody).with("name", option)
    }

    /// No run names this function.
    pub fn function_not_found(function: &str) -> Self {
        Self::new(ErrorCode::ResourceNotFoundFunctionName).with("value", function)
    }

    /// No run names this namespace.
    pub fn namespace_not_found(namespace: &str) -> Self {
        Self::new(ErrorCode::ResourceNotFoundNamespace).with("value", namespace)
    }

    /// The code, for programs here.
    pub fn error_code(&self) -> ErrorCode {
        self.code
    }

    /// The more specific message, if there is one.
    pub fn detail_of(&self) -> Option<Detail> {
        self.detail
    }

    /// The code as the caller sees it.
    pub fn code(&self) -> &'static str {
        self.code.as_str()
    }

    /// The value of one argument.
    pub fn arg(&self, name: &str) -> Option<&str> {
        self.args.iter().find(|(found, _)| *found == name).map(|(_, value)| value.as_str())
    }

    /// The message. An argument that was not given is written as `-`.
    pub fn message(&self, language: Language) -> String {
        let mut message = String::new();
        for piece in pieces(self.template().get(language)) {
            match piece {
                Piece::Literal(text) => message.push_str(text),
                Piece::Argument(name) => message.push_str(self.arg(name).unwrap_or("-")),
            }
        }
        message
    }

    fn template(&self) -> Text {
        self.detail.map_or_else(|| self.code.row().message, Detail::message)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code(), self.message(Language::English))
    }
}

impl std::error::Error for ApiError {}

enum Piece<'a> {
    Literal(&'a str),
    Argument(&'a str),
}

/// Splits a template at its `{arguments}`.
fn pieces(template: &str) -> impl Iterator<Item = Piece<'_>> {
    template.split('{').enumerate().flat_map(|(at, part)| {
        let (argument, literal) = match part.split_once('}') {
            Some((argument, literal)) if at > 0 => (Some(Piece::Argument(argument)), literal),
            _ => (None, part),
        };
        argument.into_iter().chain(Some(Piece::Literal(literal)))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn arguments(template: &str) -> BTreeSet<&str> {
        let argument = |piece| match piece {
            Piece::Argument(name) => Some(name),
            Piece::Literal(_) => None,
        };
        pieces(template).filter_map(argument).collect()
    }

    #[test]
    fn both_languages_use_the_same_arguments() {
        let codes = ErrorCode::ALL.iter().map(|code| (code.as_str(), code.row().message));
        let details = Detail::ALL.iter().map(|detail| ("detail", detail.message()));
        for (name, message) in codes.chain(details) {
            assert!(!message.en.is_empty() && !message.zh.is_empty(), "{name}");
            // The observed English wording of a wrong type does not name the type; the Chinese one does.
            if name != "InvalidParameter" {
                assert_eq!(arguments(message.en), arguments(message.zh), "{name}");
            }
            assert!(!message.zh.is_ascii(), "{name} has Chinese words");
        }
    }

    #[test]
    fn codes_are_unique_and_well_formed() {
        let unique: BTreeSet<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(unique.len(), ErrorCode::ALL.len());
        for code in unique {
            assert!(code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.'), "{code}");
        }
    }

    #[test]
    fn observed_wordings_are_exact() {
        let limited = ApiError::rate_limited(7, 5);
        assert_eq!(
            limited.message(Language::English),
            "Your current request times equals to `7` in a second, which exceeds the frequency limit `5` for a \
             second. Please reduce the frequency of calls."
        );
        assert_eq!(limited.message(Language::Chinese), "您当前每秒请求 `7` 次，超过了每秒频率上限 `5`，请稍后重试。");
        let typed = ApiError::wrong_type("Nonce", "integer");
        assert_eq!(typed.message(Language::English), "Parameter `Nonce` type error.");
        assert_eq!(typed.message(Language::Chinese), "参数 `Nonce` 取值类型错误。参数类型应为 `integer`");
        assert_eq!(
            ApiError::missing("Region").to_string(),
            "MissingParameter: The request is missing a required parameter `Region`."
        );
    }

    #[test]
    fn long_echoes_are_cut_at_a_character() {
        let error = ApiError::unknown("中".repeat(1 << 20));
        assert_eq!(error.arg("name").map(|name| name.chars().count()), Some(ECHO_MAX_CHARS + 1));
    }

    #[test]
    fn a_missing_argument_is_a_dash() {
        assert_eq!(
            ApiError::new(ErrorCode::UnknownParameter).message(Language::English),
            "The parameter `-` is not recognized."
        );
    }
}
