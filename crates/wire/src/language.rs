//! The language of messages. Codes are never translated.

/// The language that a caller asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// `en-US`; also when nothing was asked for (observed), and for any other language (ours).
    #[default]
    English,
    /// `zh-CN`.
    Chinese,
}

impl Language {
    /// Reads the value of `X-TC-Language` or `Language`: anything that starts with `zh`, in any case, is Chinese.
    pub fn from_tag(tag: &str) -> Self {
        let chinese = tag.trim().as_bytes().get(..2).is_some_and(|start| start.eq_ignore_ascii_case(b"zh"));
        if chinese { Language::Chinese } else { Language::English }
    }

    /// The tag as clients write it.
    pub fn tag(self) -> &'static str {
        match self {
            Language::English => "en-US",
            Language::Chinese => "zh-CN",
        }
    }
}

/// A fixed text in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Text {
    /// Chinese.
    pub zh: &'static str,
    /// English.
    pub en: &'static str,
}

impl Text {
    /// A text, Chinese first.
    pub const fn new(zh: &'static str, en: &'static str) -> Self {
        Self { zh, en }
    }

    /// The text in one language.
    pub fn get(self, language: Language) -> &'static str {
        match language {
            Language::English => self.en,
            Language::Chinese => self.zh,
        }
    }
}

/// Where a fact of the dialect comes from. Only [`Source::Ours`] is this project's own choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// Tencent Cloud's published documents.
    Published,
    /// The source code of an official SDK or tool.
    Sdk,
    /// Answers of the real service that users have quoted in public.
    Observed,
    /// Decided here, where the service is silent or unknown.
    Ours,
}
