//! The table of error codes. One row is a code, its general message in Chinese and English, and where the wording of
//! the message comes from.
//!
//! Codes are Tencent Cloud's own: the common ones of its documents and those that its SDKs list for these actions.
//! A row marked `Observed` quotes what users of the real service have seen, at least in English; the service may change
//! it. If only one language is known, the other is our translation.

use crate::language::{Source, Text};

/// What the table says about one code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeRow {
    /// The code as the caller sees it.
    pub code: &'static str,
    /// The general message, a template.
    pub message: Text,
    /// Where the wording comes from.
    pub source: Source,
}

macro_rules! codes {
    ($($variant:ident $code:literal $source:ident $zh:literal $en:literal;)*) => {
        /// Every error code of the dialect.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $(#[doc = concat!("`", $code, "`: ", $en)] $variant,)*
        }

        impl ErrorCode {
            /// Every code, in the order of the table.
            pub const ALL: &'static [ErrorCode] = &[$(ErrorCode::$variant,)*];

            /// The row of the table.
            pub fn row(self) -> CodeRow {
                match self {
                    $(ErrorCode::$variant => CodeRow {
                        code: $code,
                        message: Text::new($zh, $en),
                        source: Source::$source,
                    },)*
                }
            }
        }
    };
}

impl ErrorCode {
    /// The code as the caller sees it.
    pub fn as_str(self) -> &'static str {
        self.row().code
    }

    /// Finds a code by its text.
    pub fn find(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|row| row.as_str() == code)
    }
}

codes! {
    ActionOffline "ActionOffline" Published
        "接口已下线。" "This API has been deprecated.";
    AuthFailureInvalidAuthorization "AuthFailure.InvalidAuthorization" Published
        "请求头部的 Authorization 不符合腾讯云标准。" "Authorization in the request header is invalid.";
    AuthFailureInvalidSecretId "AuthFailure.InvalidSecretId" Published
        "密钥非法（不是云 API 密钥类型）。" "Invalid key (not a TencentCloud API key type).";
    AuthFailureMfaFailure "AuthFailure.MFAFailure" Published
        "MFA 错误。" "MFA failed.";
    AuthFailureSecretIdNotFound "AuthFailure.SecretIdNotFound" Observed
        "SecretId不存在，请输入正确的密钥。"
        "The SecretId is not found, please ensure that your SecretId is correct.";
    AuthFailureSignatureExpire "AuthFailure.SignatureExpire" Observed
        "签名过期。Timestamp 和服务器时间相差不得超过五分钟，请检查本地时间是否和标准时间同步。"
        "The signature is expired, please request again.";
    AuthFailureSignatureFailure "AuthFailure.SignatureFailure" Observed
        "请求签名验证失败，请检查您的签名计算是否正确。"
        "The provided credentials could not be validated. Please check your signature is correct.";
    AuthFailureTokenFailure "AuthFailure.TokenFailure" Published
        "token 错误。" "Token error.";
    AuthFailureUnauthorizedOperation "AuthFailure.UnauthorizedOperation" Observed
        "操作未授权，请检查CAM策略。"
        "You are not authorized to perform this operation. Check your CAM policies, and ensure that you are using the correct access keys.";
    DryRunOperation "DryRunOperation" Published
        "DryRun 操作，代表请求将会是成功的，只是多传了 DryRun 参数。"
        "DryRun Operation. It means that the request would have succeeded, but the DryRun parameter was used.";
    FailedOperation "FailedOperation" Published
        "操作失败。" "Operation failed.";
    FailedOperationAuthFailure "FailedOperation.AuthFailure" Sdk
        "登录信息验证失败，token 验证失败。" "The login could not be verified: the token is not valid.";
    FailedOperationQueryError "FailedOperation.QueryError" Sdk
        "查询失败。" "The query failed.";
    FailedOperationTopicNotExist "FailedOperation.TopicNotExist" Sdk
        "Topic不存在。" "The topic does not exist.";
    InternalError "InternalError" Published
        "内部错误。" "Internal error.";
    InternalErrorEs "InternalError.ES" Sdk
        "ES错误。" "The search engine failed.";
    InternalErrorException "InternalError.Exception" Sdk
        "内部服务异常。" "An internal service failed.";
    InternalErrorSearchFailed "InternalError.SearchFailed" Sdk
        "查找失败" "The search failed.";
    InternalErrorSystem "InternalError.System" Sdk
        "内部系统错误。" "Internal system error.";
    InvalidAction "InvalidAction" Observed
        "接口不存在：请求的 `Action` 无效或未找到。" "The request `Action` is invalid or not found.";
    InvalidParameter "InvalidParameter" Observed
        "参数 `{name}` 取值类型错误。参数类型应为 `{type}`" "Parameter `{name}` type error.";
    InvalidParameterCls "InvalidParameter.Cls" Sdk
        "日志参数有误。" "The log parameters are not valid.";
    InvalidParameterParamError "InvalidParameter.ParamError" Sdk
        "创建函数传参异常。" "The parameters for creating a function are not valid.";
    InvalidParameterPayload "InvalidParameter.Payload" Sdk
        "请求参数不合法。" "The request parameters are not valid.";
    InvalidParameterRoleCheck "InvalidParameter.RoleCheck" Sdk
        "RoleCheck 传参有误。" "The RoleCheck parameter is not valid.";
    InvalidParameterValue "InvalidParameterValue" Observed
        "参数 `{name}` 的取值 `{value}` 无效" "The value `{value}` specified in the parameter `{name}` is not valid";
    InvalidParameterValueDateTime "InvalidParameterValue.DateTime" Sdk
        "DateTime传入错误。" "The DateTime is not valid.";
    InvalidParameterValueFilters "InvalidParameterValue.Filters" Ours
        "Filters参数错误：`{value}` 不是可用的过滤条件，可用的有 `Status`、`Type`。"
        "Filters: `{value}` is not a filter that is supported; use `Status` or `Type`.";
    InvalidParameterValueFunctionType "InvalidParameterValue.FunctionType" Sdk
        "FunctionType参数错误。" "The FunctionType parameter is not valid.";
    InvalidParameterValueImageType "InvalidParameterValue.ImageType" Sdk
        "ImageType 参数值有误。" "The ImageType parameter is not valid.";
    InvalidParameterValueOffset "InvalidParameterValue.Offset" Sdk
        "偏移量不合法。" "The offset is not valid.";
    InvalidParameterValueOrder "InvalidParameterValue.Order" Sdk
        "Order传入错误。" "The Order parameter is not valid.";
    InvalidParameterValueOrderBy "InvalidParameterValue.OrderBy" Sdk
        "OrderBy取值与规范不符，请修正后再试。" "The OrderBy parameter is not one of the values it can have.";
    InvalidParameterValueLowerOrderby "InvalidParameterValue.Orderby" Sdk
        "Orderby传入错误。" "The Orderby parameter is not valid.";
    InvalidParameterValueRetCode "InvalidParameterValue.RetCode" Sdk
        "RetCode不合法。" "The RetCode is not valid.";
    InvalidParameterValueSearchKey "InvalidParameterValue.SearchKey" Ours
        "SearchKey参数错误：`{value}` 不是可用的 Key，可用的有 `Namespace`。"
        "SearchKey: `{value}` is not a key that is supported; use `Namespace`.";
    InvalidParameterValueStartTimeOrEndTime "InvalidParameterValue.StartTimeOrEndTime" Sdk
        "需要同时指定开始日期与结束日期。" "Give both StartTime and EndTime, or neither.";
    InvalidRequest "InvalidRequest" Published
        "请求 body 的 multipart 格式错误。" "The multipart format of the request body is incorrect.";
    IpInBlacklist "IpInBlacklist" Published
        "IP 地址在黑名单中。" "The IP address is in the blocklist.";
    IpNotInWhitelist "IpNotInWhitelist" Published
        "IP 地址不在白名单中。" "The IP address is not in the allowlist.";
    LimitExceeded "LimitExceeded" Published
        "超过配额限制。" "The quota limit is exceeded.";
    LimitExceededOffset "LimitExceeded.Offset" Ours
        "Offset超出限制：Offset+Limit 为 `{sum}`，不能大于 `{max}`。"
        "Offset+Limit is `{sum}` and cannot be greater than `{max}`.";
    MissingParameter "MissingParameter" Observed
        "缺少参数：请求缺少必选参数 `{name}`。" "The request is missing a required parameter `{name}`.";
    NoSuchProduct "NoSuchProduct" Published
        "产品不存在" "The product does not exist.";
    NoSuchVersion "NoSuchVersion" Observed
        "接口版本不存在：服务 `{service}` 没有版本 `{version}`。"
        "The specified api version=`{version}` does not exist in service=`{service}`.";
    RequestLimitExceeded "RequestLimitExceeded" Observed
        "您当前每秒请求 `{times}` 次，超过了每秒频率上限 `{limit}`，请稍后重试。"
        "Your current request times equals to `{times}` in a second, which exceeds the frequency limit `{limit}` for a second. Please reduce the frequency of calls.";
    RequestLimitExceededGlobalRegionUin "RequestLimitExceeded.GlobalRegionUinLimitExceeded" Published
        "主账号在全部地域的请求超过频率限制。" "The frequency limit of the root account over all regions is exceeded.";
    RequestLimitExceededIp "RequestLimitExceeded.IPLimitExceeded" Published
        "IP 限频。" "The IP frequency limit is exceeded.";
    RequestLimitExceededUin "RequestLimitExceeded.UinLimitExceeded" Published
        "主账号限频。" "The frequency limit of the root account is exceeded.";
    RequestSizeLimitExceeded "RequestSizeLimitExceeded" Ours
        "请求包超过限制大小，上限为 `{max}` 字节。"
        "The request packet size exceeds the limit of `{max}` bytes.";
    ResourceInUse "ResourceInUse" Published
        "资源被占用。" "The resource is in use.";
    ResourceInsufficient "ResourceInsufficient" Published
        "资源不足。" "Insufficient resource.";
    ResourceNotFound "ResourceNotFound" Published
        "资源不存在。" "The resource does not exist.";
    ResourceNotFoundFunction "ResourceNotFound.Function" Sdk
        "函数不存在。" "The function does not exist.";
    ResourceNotFoundFunctionName "ResourceNotFound.FunctionName" Ours
        "函数不存在：找不到函数 `{value}`。" "The function `{value}` does not exist.";
    ResourceNotFoundNamespace "ResourceNotFound.Namespace" Ours
        "Namespace不存在：找不到命名空间 `{value}`。" "The namespace `{value}` does not exist.";
    ResourceNotFoundQualifier "ResourceNotFound.Qualifier" Ours
        "版本不存在：函数没有版本 `{value}`。" "The function has no version `{value}`.";
    ResourceNotFoundRoleCheck "ResourceNotFound.RoleCheck" Sdk
        "Role不存在。" "The role does not exist.";
    ResourceUnavailable "ResourceUnavailable" Published
        "资源不可用。" "The resource is unavailable.";
    ResponseSizeLimitExceeded "ResponseSizeLimitExceeded" Published
        "返回包超过限制大小。" "The response packet size exceeds the limit.";
    ServiceUnavailable "ServiceUnavailable" Published
        "当前服务暂时不可用。" "The service is temporarily unavailable.";
    UnauthorizedOperation "UnauthorizedOperation" Published
        "未授权操作。" "Unauthorized operation.";
    UnauthorizedOperationCam "UnauthorizedOperation.CAM" Observed
        "CAM鉴权失败：[request id:{request_id}]you are not authorized to perform operation (scf:{action})\nresource ({resource}) has no permission\n"
        "[request id:{request_id}]you are not authorized to perform operation (scf:{action})\nresource ({resource}) has no permission\n";
    UnknownParameter "UnknownParameter" Observed
        "未知参数错误：参数 `{name}` 未定义。" "The parameter `{name}` is not recognized.";
    UnsupportedOperation "UnsupportedOperation" Published
        "操作不支持。" "Unsupported operation.";
    UnsupportedOperationNotSupportRegion "UnsupportedOperation.NotSupportRegion" Sdk
        "不支持的地域。" "The region is not supported.";
    UnsupportedProtocol "UnsupportedProtocol" Published
        "HTTP(S) 请求协议错误，只支持 GET 和 POST 请求。"
        "Unsupported HTTP(S) request protocol. Only GET and POST requests are supported.";
    UnsupportedRegion "UnsupportedRegion" Ours
        "接口不支持所传地域 `{value}`。" "The region `{value}` is not supported.";
}
