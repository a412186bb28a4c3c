// What to do about an error code: by the code, else by its family. Codes without a row are the cloud's and never raised here.

import { words, type Text } from "../../shared/i18n.ts";

const advice = words({
  "AuthFailure.InvalidAuthorization": {
    zh: "检查 Authorization 头：算法、Credential、SignedHeaders、Signature 四部分都要有。可在“签名验证”中对照。",
    en: "Check the Authorization header: algorithm, Credential, SignedHeaders and Signature must all be there. Compare it in Signature.",
  },
  "AuthFailure.SecretIdNotFound": {
    zh: "在服务器上用 runlog keys list 查看已有密钥，注意 SecretId 前后的空白。",
    en: "See which keys exist with `runlog keys list` on the server, and look for white space around the SecretId.",
  },
  "AuthFailure.SignatureExpire": {
    zh: "同步客户端时钟（NTP），并在发送前才签名。",
    en: "Set the clock of the client (NTP), and sign just before sending.",
  },
  "AuthFailure.SignatureFailure": {
    zh: "用“请求诊断”粘贴该请求，它会指出第一处错误；最常见的是 Host、Content-Type 或正文在签名后改变。",
    en: "Paste the request into Doctor, which names the first error. Most often the host, the content type or the body changed after signing.",
  },
  "AuthFailure.TokenFailure": {
    zh: "重新获取临时密钥的 token，或改用长期密钥。",
    en: "Get a new token, or use a key without one.",
  },
  "InternalError.System": {
    zh: "稍后重试；原因在服务器日志中，按 RequestId 查找。",
    en: "Try again. The server's log has the reason under the RequestId.",
  },
  InternalError: {
    zh: "稍后重试；原因在服务器日志中，按 RequestId 查找。",
    en: "Try again. The server's log has the reason under the RequestId.",
  },
  InvalidAction: {
    zh: "检查接口名的拼写和大小写；左侧列出了全部接口。",
    en: "Check the spelling and case of the action. All actions are in the list.",
  },
  InvalidParameter: {
    zh: "检查错误信息中那个参数的类型。",
    en: "Check the type of the parameter that the message names.",
  },
  InvalidParameterValue: {
    zh: "检查错误信息中那个参数的取值，可选值见“文档说明”。",
    en: "Check the value of the parameter that the message names. Documentation lists what it can be.",
  },
  "InvalidParameterValue.DateTime": {
    zh: "时间写成 2017-05-16 20:00:00；窗口不超过一天，结束不早于开始。",
    en: "Write times as 2017-05-16 20:00:00. The window is a day at most, and does not end before it starts.",
  },
  "InvalidParameterValue.StartTimeOrEndTime": {
    zh: "StartTime 与 EndTime 同时填写，或都不填。",
    en: "Give both StartTime and EndTime, or neither.",
  },
  InvalidRequest: {
    zh: "检查 multipart 正文的分隔符和结尾。",
    en: "Check the boundary and the end of the multipart body.",
  },
  "LimitExceeded.Offset": {
    zh: "缩小时间窗口，或用 SearchContext.Offset 游标翻页，游标没有上限。",
    en: "Narrow the window, or page with the cursor of SearchContext.Offset, which has no limit.",
  },
  MissingParameter: {
    zh: "补上错误信息中的参数；“只看必填参数”会列出全部。",
    en: "Add the parameter that the message names. “Required only” lists them all.",
  },
  NoSuchVersion: { zh: "X-TC-Version 应为 2018-04-16。", en: "X-TC-Version is 2018-04-16." },
  RequestLimitExceeded: {
    zh: "等一秒再试，或降低并发；见“频率与权限”。",
    en: "Wait a second, or send fewer at a time. See Limits.",
  },
  RequestSizeLimitExceeded: {
    zh: "GET 最多 32 KB，TC3 的 POST 最多 10 MB；请改用 POST 或拆分请求。",
    en: "A GET can have 32 KB, a POST under TC3 10 MB. Use POST, or split the request.",
  },
  ResourceNotFound: {
    zh: "检查名称、命名空间和地域；运行过一次之后才会存在。",
    en: "Check name, namespace and region. It exists once something has run.",
  },
  ServiceUnavailable: {
    zh: "服务器正在停止或过载，稍后重试。",
    en: "The server is stopping or overloaded. Try again a little later.",
  },
  "UnauthorizedOperation.CAM": {
    zh: "密钥的策略不允许。错误信息中有所需的操作和资源；见“频率与权限”，用 runlog policy set 授权。",
    en: "No policy of the key allows it. The message names the action and resource; see Limits, and grant it with `runlog policy set`.",
  },
  UnknownParameter: {
    zh: "去掉该参数，或改正拼写；可用参数见“文档说明”。",
    en: "Remove the parameter, or correct its name. Documentation lists them.",
  },
  UnsupportedOperation: {
    zh: "此服务只有运行日志，没有代码和描述；去掉要求它们的参数。",
    en: "This server has run logs, and no code or descriptions. Remove the parameter that asks for them.",
  },
  UnsupportedProtocol: { zh: "使用 GET 或 POST，路径为 /。", en: "Use GET or POST, with the path /." },
  UnsupportedRegion: {
    zh: "换一个地域，或在服务器选项 regions 中加上它。",
    en: "Use another region, or add it to the server option `regions`.",
  },
});

const ROWS: Readonly<Record<string, Text>> = advice;

/** What to do, or `undefined` for a code that this server never answers with. */
export function adviceFor(code: string, source: string): Text | undefined {
  const own = ROWS[code];
  if (own !== undefined) return own;
  const family = ROWS[code.split(".")[0] ?? ""];
  // The family's advice fits codes that are raised here; of the ones that only the SDKs list, nothing can be said.
  const isRaised =
    source === "ours" ||
    source === "observed" ||
    /^InvalidParameterValue\.(?:Offset|Order|OrderBy|Orderby|RetCode)$/.test(code);
  return isRaised ? family : undefined;
}
