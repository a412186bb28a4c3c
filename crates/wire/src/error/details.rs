//! Messages more specific than the general message of their code. All wordings are ours unless the row says otherwise;
//! each says what the caller should change.

use crate::language::Text;

macro_rules! details {
    ($($variant:ident $zh:literal $en:literal;)*) => {
        /// A message more specific than the general one of its code. The same detail can go with several codes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Detail {
            $(#[doc = $en] $variant,)*
        }

        impl Detail {
            /// Every detail, in the order of the table.
            pub const ALL: &'static [Detail] = &[$(Detail::$variant,)*];

            /// The message, a template.
            pub fn message(self) -> Text {
                match self {
                    $(Detail::$variant => Text::new($zh, $en),)*
                }
            }
        }
    };
}

details! {
    // Shape of the request.
    WrongPath
        "请求路径必须是 `/`，而不是 `{value}`。"
        "The request path must be `/`, not `{value}`.";
    WrongContentType
        "Content-Type `{value}` 不可用：TC3-HMAC-SHA256 签名的 POST 请求使用 `application/json` 或 `multipart/form-data`，HmacSHA1 和 HmacSHA256 签名的使用 `application/x-www-form-urlencoded`。"
        "The Content-Type `{value}` cannot be used: a POST signed with TC3-HMAC-SHA256 takes `application/json` or `multipart/form-data`, one signed with HmacSHA1 or HmacSHA256 takes `application/x-www-form-urlencoded`.";
    QueryInPost
        "POST 请求的参数在 body 中，URL 中不能有查询串。"
        "A POST carries its parameters in the body; leave the query string empty.";
    BodyInGet
        "GET 请求的参数在查询串中，不能有 body。"
        "A GET carries its parameters in the query string; leave the body empty.";
    BodyCutOff
        "请求 body 没有完整到达，请重新发送。"
        "The request body did not arrive in full; send it again.";
    NoRoomForBody
        "当前等待验证的请求过多（选项 `{name}`），请稍后重试。"
        "Too many bytes of requests wait to be verified at the moment (the option `{name}`); retry in a moment.";
    HeaderTwice
        "请求头 `{name}` 只能出现一次。"
        "The header `{name}` is given more than once.";
    HeaderNotText
        "请求头 `{name}` 不是 UTF-8 文本。"
        "The header `{name}` is not UTF-8 text.";
    // The wording that was observed for v1 requests over their size limit, in both languages.
    SizeLimitOfV1
        "由于请求包大小超过限制，请求签名验证失败，请使用新的签名方法 `TC3-HMAC-SHA256`。"
        "The provided credentials could not be validated because of exceeding request size limit, please use new signature method `TC3-HMAC-SHA256`.";

    // Texts and trees of parameters.
    NotUtf8
        "参数不是 UTF-8 文本：`{value}`。"
        "This is not UTF-8 text: `{value}`.";
    BrokenEscape
        "`{value}` 中的百分号编码不完整，`%` 之后应有两位十六进制数字。"
        "A percent escape in `{value}` is broken; `%` takes two hexadecimal digits.";
    NotJson
        "请求 body 不是合法的 JSON：{reason}。"
        "The request body is not valid JSON: {reason}.";
    NotJsonObject
        "请求 body 必须是 JSON 对象，例如 `{value}`。"
        "The request body must be a JSON object such as `{value}`.";
    MultipartBroken
        "multipart 格式错误：{reason}。"
        "The multipart body is not well formed: {reason}.";
    GivenTwice
        "参数 `{name}` 重复。"
        "The parameter `{name}` is given more than once.";
    ValueAndGroup
        "参数 `{name}` 既有取值又有下级参数。"
        "The parameter `{name}` is given both as a value and as a group.";
    NameMalformed
        "参数名 `{name}` 格式错误，应为 `Filter.RetCode`、`Filters.0.Name` 的形式。"
        "The parameter name `{name}` is malformed; write it like `Filter.RetCode` or `Filters.0.Name`.";
    IndexGap
        "数组参数 `{name}` 的下标必须从 0 开始连续。"
        "The parameter `{name}` is a list; number its items from 0 without a gap.";
    TooDeep
        "参数嵌套超过 `{max}` 层。"
        "The parameters nest deeper than `{max}` levels.";
    TooMany
        "参数个数超过 `{max}`。"
        "The request has more than `{max}` parameters at one place.";
    TooLong
        "参数 `{name}` 有 `{bytes}` 字节，超过上限 `{max}`。"
        "The parameter `{name}` has `{bytes}` bytes, over its limit of `{max}`.";

    // Values.
    OutOfRange
        "参数 `{name}` 的取值 `{value}` 无效，应为 `{min}` 到 `{max}` 的整数。"
        "The value `{value}` specified in the parameter `{name}` is not valid; it must be an integer from `{min}` to `{max}`.";
    NotANumber
        "参数 `{name}` 的取值 `{value}` 无效，应为数字。"
        "The value `{value}` specified in the parameter `{name}` is not valid; it must be a number.";
    NotOneOf
        "参数 `{name}` 的取值 `{value}` 无效，可选值为 {choices}。"
        "The value `{value}` specified in the parameter `{name}` is not valid; it must be one of {choices}.";
    // Observed in English.
    ValueInCommon
        "`{name}` 的取值无效、不受支持或不可用。"
        "A value specified in `{name}` is not valid, is unsupported, or cannot be used.";
    NotATime
        "参数 `{name}` 的取值 `{value}` 不是时间，应为 `2017-05-16 20:00:00` 的形式。"
        "The value `{value}` of `{name}` is not a time; write it like `2017-05-16 20:00:00`.";
    EndBeforeStart
        "EndTime `{end}` 早于 StartTime `{start}`。"
        "EndTime `{end}` is before StartTime `{start}`.";
    EndNotAfterStart
        "EndTime `{end}` 需要晚于 StartTime `{start}`。"
        "EndTime `{end}` must be later than StartTime `{start}`.";
    OverADay
        "StartTime `{start}` 与 EndTime `{end}` 只能相差一天之内。"
        "StartTime `{start}` and EndTime `{end}` can be at most one day apart.";
    CursorUnknown
        "`{name}` 不是此前返回的 SearchContext.Offset；第一页请传空字符串。"
        "`{name}` is not a SearchContext.Offset that an answer returned; send an empty string for the first page.";
    CursorOfOtherOrder
        "`{name}` 来自另一种排序；翻页时请保持 Order 和 OrderBy 不变，或从第一页重新开始。"
        "`{name}` belongs to another order; keep Order and OrderBy while paging, or start again from the first page.";
    CursorAndOffset
        "使用 `{name}` 翻页时 Offset 必须为 0。"
        "`{name}` already determines where the page starts; set Offset to 0.";
    NotKept
        "不支持参数 `{name}` 的取值 `{value}`：此服务只保存函数的运行日志，没有这项信息。"
        "The value `{value}` of `{name}` is not supported: this server keeps the run logs of functions and does not have this information.";

    // The Authorization header.
    AuthorizationSkip
        "请求未签名（`Authorization: SKIP`），请为请求签名。"
        "The request is not signed (`Authorization: SKIP`); sign it.";
    AuthorizationScheme
        "Authorization 应以 `TC3-HMAC-SHA256 ` 开头。"
        "Authorization must start with `TC3-HMAC-SHA256 `.";
    AuthorizationPiece
        "Authorization 缺少 `{name}` 或其格式错误，应为 `TC3-HMAC-SHA256 Credential=SecretId/日期/服务/tc3_request, SignedHeaders=content-type;host, Signature=64 位十六进制数字`。"
        "`{name}` of Authorization is missing or malformed; the header has the form `TC3-HMAC-SHA256 Credential=SecretId/Date/Service/tc3_request, SignedHeaders=content-type;host, Signature=64 hexadecimal digits`.";
    AuthorizationDate
        "Credential 中的日期 `{value}` 与 X-TC-Timestamp 的 UTC 日期 `{expected}` 不一致。"
        "The date `{value}` in Credential is not the UTC date `{expected}` of X-TC-Timestamp.";
    SignedHeaderRequired
        "SignedHeaders 必须包含 `{name}`。"
        "SignedHeaders must contain `{name}`.";
    SignedHeaderAbsent
        "SignedHeaders 中的 `{name}` 不在请求头中，或出现了多次。"
        "The signed header `{name}` is not in the request, or is there more than once.";
    SignedHeadersOrder
        "SignedHeaders 应为小写、按 ASCII 升序排列且不重复：`{value}`。"
        "SignedHeaders must be lower-case, sorted and without duplicates: `{value}`.";
}
