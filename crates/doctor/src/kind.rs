//! What may be wrong, and what to do about it, in two languages.

use runlog_wire::Text;
use serde::Serialize;

/// What may be wrong, in the order in which a server looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// Neither an `Authorization` nor a `Signature`.
    NotSigned,
    /// A signature of another family, such as that of another cloud, or v1 where TC3 is needed.
    WrongFamily,
    /// The request has no form of the API; `found` is the server's sentence.
    Shape,
    /// Another SecretId than the one that was given.
    KeyUnknown,
    /// The clocks are too far apart.
    Skew,
    /// The credential's date is not the timestamp's.
    CredentialDate,
    /// A header is named as signed and not there.
    SignedHeaderMissing,
    /// The body is not in what was given.
    BodyMissing,
    /// The method that was signed is another one.
    Method,
    /// The path that was signed is another one.
    Path,
    /// The query string, or the fields, that were signed are others.
    Query,
    /// The host that was signed is another one.
    Host,
    /// The content type that was signed is another one.
    ContentType,
    /// The names of the signed headers are others.
    SignedHeaders,
    /// The body that was signed is another one.
    Body,
    /// The canonical request was put together in another way.
    Canonical,
    /// The hash that was used is another one.
    Algorithm,
    /// The timestamp that was signed is another one.
    Timestamp,
    /// The service that was signed for is another one.
    Service,
    /// The key was derived, or written, in another way.
    SecretKey,
    /// The signature was changed on its way.
    SignatureEscape,
    /// The signature differs, and no usual mistake explains it.
    Unexplained,
    /// No such action.
    Action,
    /// No such version of the action.
    Version,
    /// The server does not serve the region.
    Region,
    /// The key may not do this.
    Permission,
    /// Too many requests.
    RateLimit,
    /// Another code of the server, about the parameters or itself.
    Other,
    /// The signature is right, and the request is older than a server takes: when it was sent is not known.
    Old,
    /// Nothing is wrong.
    Fine,
}

impl Kind {
    /// The step of the request or its signature that it belongs to.
    pub fn step(self) -> &'static str {
        match self {
            Kind::NotSigned | Kind::WrongFamily | Kind::Shape | Kind::KeyUnknown => "authorization",
            Kind::Skew | Kind::CredentialDate | Kind::Old => "time",
            Kind::SignedHeaderMissing
            | Kind::Method
            | Kind::Path
            | Kind::Query
            | Kind::Host
            | Kind::ContentType
            | Kind::SignedHeaders
            | Kind::Canonical => "canonical request",
            Kind::BodyMissing | Kind::Body => "hashed payload",
            Kind::Algorithm | Kind::Timestamp | Kind::Service => "string to sign",
            Kind::SecretKey | Kind::SignatureEscape | Kind::Unexplained => "signature",
            Kind::Action | Kind::Version => "action",
            Kind::Region => "region",
            Kind::Permission => "permission",
            Kind::RateLimit => "rate limit",
            Kind::Other => "parameters",
            Kind::Fine => "",
        }
    }

    /// The sentence where there is nothing to compare.
    pub(crate) fn bare(self) -> Text {
        match self {
            Kind::KeyUnknown => Text::new(
                "服务器不认识这个 SecretId。请用 `runlog keys list` 核对。",
                "The server does not know this SecretId; compare it with `runlog keys list`.",
            ),
            kind => kind.text(),
        }
    }

    pub(crate) fn text(self) -> Text {
        match self {
            Kind::NotSigned => Text::new(
                "请求没有签名:既没有 Authorization 头,也没有 Signature 参数。请使用 SDK 或 `runlog logs --print-request curl` 签名。",
                "The request is not signed: it has neither an Authorization header nor a Signature field. Sign it \
                 with an SDK, or see `runlog logs --print-request curl`.",
            ),
            Kind::WrongFamily => Text::new(
                "签名方法不对:需要 {expected},请求用的是 {found}。请换成云 API 3.0 的签名方法 (JSON 请求必须用 TC3-HMAC-SHA256)。",
                "The signature is of another family: {expected} is needed and the request has {found}. Use the \
                 signature of API 3.0 (a JSON body needs TC3-HMAC-SHA256).",
            ),
            Kind::Shape => Text::new(
                "请求的形式不对,服务器在验证签名之前就拒绝了 ({expected}):{found}",
                "The request has no valid form, and is refused before its signature is looked at ({expected}): {found}",
            ),
            Kind::KeyUnknown => Text::new(
                "SecretId 不对:请求用的是 {found},期望 {expected}。请用 `runlog keys list` 核对服务器认识的密钥。",
                "The SecretId is another one: the request has {found}, expected was {expected}. Compare it with \
                 `runlog keys list` on the server.",
            ),
            Kind::Skew => Text::new(
                "时钟相差 {skew} 秒:服务器收到请求时是 {expected},请求的时间戳是 {found}。请同步客户端的时钟 (NTP),并在发送前才签名。",
                "The clocks are {skew} seconds apart: the server's said {expected} when the request came, the \
                 request says {found} (Unix seconds). Set the sender's clock (NTP), and sign just before sending.",
            ),
            Kind::CredentialDate => Text::new(
                "凭证里的日期不对:时间戳对应的 UTC 日期是 {expected},签名用的是 {found}。请用 UTC 日期,而不是本地日期。",
                "The date of the credential is wrong: the timestamp's date in UTC is {expected}, and {found} was \
                 signed. Take the UTC date, not the local one.",
            ),
            Kind::SignedHeaderMissing => Text::new(
                "SignedHeaders 与实际的头不符:缺少 {expected}。content-type 和 host 必须签名,列出的头必须都发送 (代理可能删掉了它)。",
                "The signed headers do not fit: {expected} is missing. content-type and host must be signed, and \
                 every header that is named must be sent, once (a proxy may have removed it).",
            ),
            Kind::BodyMissing => Text::new(
                "这里没有请求体 (Content-Length 是 {expected}),无法计算签名。请用 --body 给出请求体。",
                "The body is not here (its Content-Length is {expected}), so the signature cannot be computed; give \
                 it with --body FILE.",
            ),
            Kind::Method => Text::new(
                "签名用的方法是 {found},发送的是 {expected}。请按实际发送的方法签名。",
                "The method {found} was signed, and {expected} was sent. Sign the method that is sent.",
            ),
            Kind::Path => Text::new(
                "签名用的路径是 {found},发送的是 {expected}。路径固定为 /。",
                "The path {found} was signed, and {expected} was sent. The path is always /.",
            ),
            Kind::Query => Text::new(
                "签名的查询串或参数不对:签名用的是 {found},应为 {expected}。TC3 的 GET 要按发送的原文签名,POST 为空;v1 要按名称排序、不转义。",
                "The query string or the fields were signed otherwise: {found}, where the server takes {expected}. \
                 Under TC3 a GET signs its query exactly as sent, a POST none; under v1 the fields are sorted and \
                 not escaped.",
            ),
            Kind::Host => Text::new(
                "签名用的 Host 是 {found},发送的是 {expected}。请按实际发送的 Host (含端口) 签名;经过代理时要保留原来的 Host。",
                "The host {found} was signed, and {expected} was sent. Sign the Host that is sent, with its port; a \
                 proxy on the way must keep it.",
            ),
            Kind::ContentType => Text::new(
                "签名用的 Content-Type 是 {found},发送的是 {expected}。两者必须一致,HTTP 库可能自动加了 charset。",
                "The content type {found} was signed, and {expected} was sent. They must be the same; HTTP \
                 libraries like to add a charset.",
            ),
            Kind::SignedHeaders => Text::new(
                "规范请求里的 SignedHeaders 是 {found},应为 {expected}。请与 Authorization 头一致,小写并排序。",
                "The canonical request names the signed headers {found}, where {expected} is right. Name the same \
                 as the Authorization header does, in lower case and sorted.",
            ),
            Kind::Body => Text::new(
                "请求体在签名后变了:签名用的是 {found}。请对最终发送的字节签名,不要在签名后重新序列化,也不要让代理改写。",
                "The body changed after signing: what was signed is {found}. Sign the very bytes that are sent: \
                 write the JSON once, and let no library or proxy write it anew.",
            ),
            Kind::Canonical => Text::new(
                "规范请求的拼接方式不对:{found}(应为 {expected})。请逐行对照文档:每个头一行,头之后有一个空行,换行是 \\n。",
                "The text to sign is put together in another way: {found} (where {expected} is right). One line a \
                 header, an empty line behind them, and line ends of \\n alone.",
            ),
            Kind::Algorithm => Text::new(
                "签名算法不符:请求声明的是 {expected},实际用的是 {found}。请设置正确的 SignatureMethod。",
                "The hash is another one: the request says {expected}, and {found} was used. Set SignatureMethod to \
                 what is used.",
            ),
            Kind::Timestamp => Text::new(
                "签名用的时间戳是 {found},发送的是 {expected}。请只取一次时间 (Unix 秒),签名和 X-TC-Timestamp 用同一个值。",
                "The timestamp {found} was signed, and {expected} was sent. Read the clock once, in Unix seconds, \
                 for both the signature and X-TC-Timestamp.",
            ),
            Kind::Service => Text::new(
                "签名用的服务名是 {found},应为 {expected}。凭证范围是 日期/scf/tc3_request。",
                "The service {found} was signed for, where {expected} is right: the scope is DATE/scf/tc3_request.",
            ),
            Kind::SecretKey => Text::new(
                "密钥的用法不对:{found}。请去掉多余的空白,并以 \"TC3\" + SecretKey 派生 (仅 TC3)。",
                "The secret was used in another way: {found}. Remove white space and quotes; under TC3 the first \
                 key is derived from \"TC3\" and the secret.",
            ),
            Kind::SignatureEscape => Text::new(
                "签名在传输中被改变:`+` 变成了空格。请对 Signature 做 URL 编码 (+ 写成 %2B)。",
                "The signature was changed on its way: a plus has become a blank. Escape the value of Signature (+ as %2B).",
            ),
            Kind::Unexplained => Text::new(
                "签名不符 (应为 {expected},收到 {found}),常见错误都不能解释。最可能是 SecretKey 不属于这个 SecretId;否则请用 --canonical-request 和 --string-to-sign 给出你的中间结果。",
                "The signature differs (computed {expected}, sent {found}), and no usual mistake explains it. Most \
                 likely the secret is not that of the SecretId; else give your own --canonical-request and \
                 --string-to-sign, which are compared line by line.",
            ),
            Kind::Action => Text::new(
                "没有名为 {found} 的接口。这里有:{expected}。",
                "There is no action {found}; there is {expected}.",
            ),
            Kind::Version => Text::new(
                "接口版本不对:请求的是 {found},应为 {expected}。",
                "The version of the action is wrong: the request says {found}, and {expected} is right.",
            ),
            Kind::Region => Text::new(
                "服务器不提供地域 {found}。请换一个地域,或在服务器选项里加上它。",
                "The server does not serve the region {found}; ask another one, or add it to the server's options.",
            ),
            Kind::Permission => Text::new(
                "签名是对的,但密钥没有权限 ({found})。请用 `runlog policy check` 查看由哪条语句决定。",
                "The signature is right, and the key may not do this ({found}); `runlog policy check` tells which \
                 statement decides.",
            ),
            Kind::RateLimit => Text::new(
                "请求太频繁 ({found})。请降低频率,稍后重试,或调高服务器的 rate_limit。",
                "Too many requests ({found}): send fewer, try again a little later, or raise the server's rate_limit.",
            ),
            Kind::Other => Text::new(
                "签名是对的,服务器因其他原因拒绝 ({found})。请看错误信息,它说明了哪个参数有问题。",
                "The signature is right, and the server refused for another reason ({found}); its message names the \
                 parameter.",
            ),
            Kind::Old => Text::new(
                "签名是对的,但时间戳 {found} 距现在 {skew} 秒。签名只在几分钟内有效;如果当时就被拒绝,请用 --at 给出服务器收到它的时间。",
                "The timestamp {found} is {skew} seconds from now. A signature is good for minutes only; if it was \
                 refused when it was fresh, give the moment it was received with --at.",
            ),
            Kind::Fine => Text::new(
                "没有发现问题:签名的每一步都对。如果服务器拒绝了它,请核对密钥是否属于该服务器,以及请求在途中是否被改写。",
                "Nothing is wrong: every step of the signature is right. If a server refused it, see whether the \
                 key is that server's, and whether a proxy changes requests on their way.",
            ),
        }
    }
}
