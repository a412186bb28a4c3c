//! The table of findings. A row is a kind, its code, the step that it belongs to, what is wrong, and what to do, the
//! latter two in Chinese and English. Sentences are templates: `{expected}` is what the server takes, `{found}` what
//! the request has, `{skew}` the seconds between two clocks.

use runlog_wire::Text;
use serde::{Serialize, Serializer};

/// What the table says about one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KindRow {
    /// Its name for programs.
    pub code: &'static str,
    /// The step of the request, or of its signature, that it belongs to.
    pub step: &'static str,
    /// What is wrong.
    pub what: Text,
    /// What to do; empty if there is nothing to do.
    pub advice: Text,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $code:literal $step:literal
        what $what_zh:literal $what_en:literal
        advice $advice_zh:literal $advice_en:literal;)*) => {
        /// What may be wrong, in the order in which a server looks.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Kind {
            $($(#[$doc])* $kind,)*
        }

        impl Kind {
            /// Every kind, in the order of the table.
            pub const ALL: &'static [Kind] = &[$(Kind::$kind,)*];

            /// The row of the table.
            pub fn row(self) -> KindRow {
                match self {
                    $(Kind::$kind => KindRow {
                        code: $code,
                        step: $step,
                        what: Text::new($what_zh, $what_en),
                        advice: Text::new($advice_zh, $advice_en),
                    },)*
                }
            }
        }
    };
}

kinds! {
    /// Neither an `Authorization` nor a `Signature`.
    NotSigned "not_signed" "authorization"
        what "请求没有签名：既没有 Authorization 头，也没有 Signature 参数。"
            "The request is not signed: it has neither an Authorization header nor a Signature field."
        advice "请使用 SDK 或 `runlog logs --print-request curl` 签名。"
            "Sign it with an SDK, or see `runlog logs --print-request curl`.";
    /// A signature of another kind, such as that of another cloud, or v1 where TC3 is needed.
    WrongFamily "wrong_family" "authorization"
        what "签名方法不对：需要 {expected}，请求用的是 {found}。"
            "The signature is of the wrong kind: the request has {found}, the server needs {expected}."
        advice "请换成云 API 3.0 的签名方法（JSON 请求必须用 TC3-HMAC-SHA256）。"
            "Use a signature of API 3.0 (a JSON body needs TC3-HMAC-SHA256).";
    /// The request has no form of the API; `found` is the server's sentence.
    Shape "shape" "authorization"
        what "请求的形式不对，服务器在验证签名之前就拒绝了（{expected}）：{found}"
            "The request is malformed, and refused before its signature is checked ({expected}): {found}"
        advice "" "";
    /// Another SecretId than the one that was given, or one that the server does not know.
    KeyUnknown "key_unknown" "authorization"
        what "SecretId 不对：请求用的是 {found}，期望 {expected}。"
            "The SecretId is wrong: the request has {found}, expected {expected}."
        advice "请用 `runlog keys list` 核对服务器认识的密钥。"
            "Compare it with `runlog keys list` on the server.";
    /// The clocks are too far apart.
    Skew "skew" "time"
        what "时钟相差 {skew} 秒：服务器收到请求时是 {expected}，请求的时间戳是 {found}。"
            "The clocks are {skew} seconds apart: the server received the request at {expected}, the request says \
             {found} (Unix seconds)."
        advice "请同步客户端的时钟（NTP），并在发送前才签名。"
            "Synchronise the sender's clock (NTP), and sign just before sending.";
    /// The credential's date is not the timestamp's.
    CredentialDate "credential_date" "time"
        what "凭证里的日期不对：时间戳对应的 UTC 日期是 {expected}，签名用的是 {found}。"
            "The date in the credential is wrong: {found} was signed, but the timestamp's date in UTC is {expected}."
        advice "请用 UTC 日期，而不是本地日期。" "Use the UTC date, not the local one.";
    /// A header is named as signed and not in the request.
    SignedHeaderMissing "signed_header_missing" "canonical request"
        what "SignedHeaders 与实际的头不符：缺少 {expected}。"
            "The signed headers do not match the request: {expected} is missing."
        advice "content-type 和 host 必须签名，列出的头必须都发送一次（代理可能删掉了它）。"
            "Sign content-type and host, and send every signed header exactly once (a proxy may have removed it).";
    /// The body is not in what was given.
    BodyMissing "body_missing" "hashed payload"
        what "这里没有请求体（Content-Length 是 {expected}），无法计算签名。"
            "The body is not here (its Content-Length is {expected}), so the signature cannot be computed."
        advice "请用 --body FILE 给出请求体。" "Pass it with --body FILE.";
    /// Another method was signed.
    Method "method" "canonical request"
        what "签名用的方法是 {found}，发送的是 {expected}。"
            "The method {found} was signed, but {expected} was sent."
        advice "请按实际发送的方法签名。" "Sign the method that you send.";
    /// Another path was signed.
    Path "path" "canonical request"
        what "签名用的路径是 {found}，发送的是 {expected}。" "The path {found} was signed, but {expected} was sent."
        advice "路径固定为 /。" "The path is always /.";
    /// Another query string was signed, or other fields.
    Query "query" "canonical request"
        what "签名的查询串或参数不对：签名用的是 {found}，应为 {expected}。"
            "The wrong query string or fields were signed: {found} instead of {expected}."
        advice "TC3 的 GET 要按发送的原文签名，POST 为空；v1 要按名称排序、不转义。"
            "Under TC3, a GET signs its query exactly as sent and a POST signs an empty one; under v1, sort the fields \
             and do not escape them.";
    /// Another host was signed.
    Host "host" "canonical request"
        what "签名用的 Host 是 {found}，发送的是 {expected}。" "The host {found} was signed, but {expected} was sent."
        advice "请按实际发送的 Host（含端口）签名；经过代理时要保留原来的 Host。"
            "Sign the Host that you send, with its port; a proxy must not change it.";
    /// Another content type was signed.
    ContentType "content_type" "canonical request"
        what "签名用的 Content-Type 是 {found}，发送的是 {expected}。"
            "The content type {found} was signed, but {expected} was sent."
        advice "两者必须一致，HTTP 库可能自动加了 charset。"
            "Both must be the same; HTTP libraries often add a charset.";
    /// Other names of signed headers were signed.
    SignedHeaders "signed_headers" "canonical request"
        what "规范请求里的 SignedHeaders 是 {found}，应为 {expected}。"
            "The canonical request has the signed headers {found} instead of {expected}."
        advice "请与 Authorization 头一致，小写并排序。"
            "List the same names as the Authorization header does, in lower case and sorted.";
    /// Another body was signed.
    Body "body" "hashed payload"
        what "请求体在签名后变了：签名用的是{found}。" "The body changed after signing: the signature is that of {found}."
        advice "请对最终发送的字节签名，不要在签名后重新序列化，也不要让代理改写。"
            "Sign exactly the bytes that you send: serialise the JSON once, and let no library or proxy rewrite it.";
    /// The canonical request was built in another way.
    Canonical "canonical" "canonical request"
        what "规范请求的拼接方式不对：{found}（应为 {expected}）。"
            "The text to sign was built wrongly: {found} instead of {expected}."
        advice "请逐行对照文档：每个头一行，头之后有一个空行，换行是 \\n。"
            "Write one line per header, an empty line after the headers, and line ends of \\n only.";
    /// Another hash was used.
    Algorithm "algorithm" "string to sign"
        what "签名算法不符：请求声明的是 {expected}，实际用的是 {found}。"
            "The wrong hash was used: {found}, but the request says {expected}."
        advice "请设置正确的 SignatureMethod。" "Set SignatureMethod to the hash that you use.";
    /// Another timestamp was signed.
    Timestamp "timestamp" "string to sign"
        what "签名用的时间戳是 {found}，发送的是 {expected}。"
            "The timestamp {found} was signed, but {expected} was sent."
        advice "请只取一次时间（Unix 秒），签名和 X-TC-Timestamp 用同一个值。"
            "Read the clock once, in Unix seconds, for both the signature and X-TC-Timestamp.";
    /// Another service was signed for.
    Service "service" "string to sign"
        what "签名用的服务名是 {found}，应为 {expected}。" "The service {found} was signed instead of {expected}."
        advice "凭证范围是 日期/scf/tc3_request。" "The scope is DATE/scf/tc3_request.";
    /// The secret was written, or the key derived, in another way.
    SecretKey "secret_key" "signature"
        what "密钥的用法不对：{found}。" "The secret was used wrongly: {found}."
        advice "请去掉多余的空白和引号，并以 \"TC3\" + SecretKey 派生（仅 TC3）。"
            "Remove white space and quotes; under TC3, derive the first key from \"TC3\" followed by the secret.";
    /// The signature was changed in transit.
    SignatureEscape "signature_escape" "signature"
        what "签名在传输中被改变：`+` 变成了空格。" "The signature was changed in transit: a plus became a space."
        advice "请对 Signature 做 URL 编码（+ 写成 %2B）。" "Escape the value of Signature (+ as %2B).";
    /// The signature differs, and no common mistake explains it.
    Unexplained "unexplained" "signature"
        what "签名不符（应为 {expected}，收到 {found}），常见错误都不能解释。"
            "The signature differs (computed {expected}, received {found}), and no common mistake explains it."
        advice "最可能是 SecretKey 不属于这个 SecretId；否则请用 --canonical-request 和 --string-to-sign 给出你的中间结果。"
            "Most likely the secret does not belong to the SecretId; otherwise pass your own values with \
             --canonical-request and --string-to-sign, and they are compared line by line.";
    /// No such action.
    Action "action" "action"
        what "没有名为 {found} 的接口。这里有：{expected}。"
            "There is no action {found}; the server has {expected}."
        advice "" "";
    /// No such version of the action.
    Version "version" "action"
        what "接口版本不对：请求的是 {found}，应为 {expected}。"
            "The version of the action is wrong: the request says {found} instead of {expected}."
        advice "" "";
    /// The server does not serve the region.
    Region "region" "region"
        what "服务器不提供地域 {found}。" "The server does not serve the region {found}."
        advice "请换一个地域，或在服务器选项 regions 里加上它。"
            "Use another region, or add it to the server's option `regions`.";
    /// The key may not do this.
    Permission "permission" "permission"
        what "签名是对的，但密钥没有权限（{found}）。"
            "The signature is right, but the key has no permission ({found})."
        advice "请用 `runlog policy check` 查看由哪条语句决定。"
            "`runlog policy check` shows which statement decides.";
    /// Too many requests.
    RateLimit "rate_limit" "rate limit"
        what "请求太频繁（{found}）。" "Too many requests ({found})."
        advice "请降低频率，稍后重试，或调高服务器的 rate_limit。"
            "Send fewer, try again later, or raise the server's rate_limit.";
    /// Another code of the server, about the parameters or about itself.
    Other "other" "parameters"
        what "签名是对的，服务器因其他原因拒绝（{found}）。"
            "The signature is right; the server refused the request for another reason ({found})."
        advice "请看错误信息，它说明了哪个参数有问题。" "Its message names the parameter.";
    /// The signature is right, and the request is older than a server accepts: when it was sent is not known.
    Old "old" "time"
        what "时间戳 {found} 距现在 {skew} 秒，而签名只在几分钟内有效。"
            "The timestamp {found} is {skew} seconds from now, and a signature is valid for a few minutes only."
        advice "如果当时就被拒绝，请用 --at 给出服务器收到它的时间。"
            "If the request was refused when it was fresh, pass the time the server received it with --at.";
    /// Nothing is wrong.
    Fine "fine" ""
        what "没有发现问题：签名的每一步都对。" "Nothing is wrong: every step of the signature is right."
        advice "如果服务器拒绝了它，请核对密钥是否属于该服务器，以及请求在途中是否被改写。"
            "If a server refused it, check that the key belongs to that server, and that no proxy changes requests.";
}

/// The sentence of [`Kind::KeyUnknown`] when no SecretId was expected: the server knows none of that name.
pub(crate) const KEY_NOT_ON_SERVER: Text =
    Text::new("服务器不认识 SecretId {found}。", "The server does not know the SecretId {found}.");

impl Kind {
    /// Its name for programs.
    pub fn code(self) -> &'static str {
        self.row().code
    }

    /// The step of the request, or of its signature, that it belongs to; empty for [`Kind::Fine`].
    pub fn step(self) -> &'static str {
        self.row().step
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn arguments(text: &str) -> BTreeSet<&str> {
        ["{expected}", "{found}", "{skew}"].into_iter().filter(|name| text.contains(name)).collect()
    }

    #[test]
    fn every_kind_has_its_code_and_both_languages() {
        let codes: BTreeSet<_> = Kind::ALL.iter().map(|kind| kind.code()).collect();
        assert_eq!(codes.len(), Kind::ALL.len());
        assert!(Kind::ALL.is_sorted(), "the table is in the order in which a server looks");
        for kind in Kind::ALL {
            let KindRow { code, what, advice, .. } = kind.row();
            assert!(!what.en.is_empty() && what.en.is_ascii() && !what.zh.is_ascii(), "{code}");
            assert_eq!(advice.en.is_empty(), advice.zh.is_empty(), "{code}");
            assert_eq!(arguments(what.en), arguments(what.zh), "{code}");
            assert!(arguments(advice.en).is_empty() && arguments(advice.zh).is_empty(), "{code}");
            let is_ascii_stop = |text: &str| text.contains([',', ':', ';']) && !text.contains('`');
            assert!(!is_ascii_stop(what.zh) && !is_ascii_stop(advice.zh), "{code}: full-width punctuation");
        }
    }
}
