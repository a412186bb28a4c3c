// Words of the API Explorer.

import { words } from "../shared/i18n.ts";

export const explorer = words({
  title: { zh: "API Explorer", en: "API Explorer" },
  actions: { zh: "接口", en: "Actions" },
  search: { zh: "快速检索接口", en: "Find an action" },
  search_short: { zh: "检索", en: "Find" },
  search_what: { zh: "接口名、标题、参数或错误码", en: "Action, title, parameter or error code" },
  search_none: {
    zh: "没有匹配“{text}”的接口、参数或错误码。",
    en: "No action, parameter or error code matches “{text}”.",
  },
  kind_action: { zh: "接口", en: "Action" },
  kind_param: { zh: "参数", en: "Parameter" },
  kind_error: { zh: "错误码", en: "Error code" },
  search_keys: { zh: "↑ ↓ 选择，Enter 打开，Esc 关闭", en: "↑ ↓ to choose, Enter to open, Esc to close" },
  no_tables: {
    zh: "无法读取接口列表（/actions.json）：{reason}",
    en: "The list of actions (/actions.json) could not be read: {reason}",
  },
  pane_form: { zh: "参数", en: "Parameters" },
  pane_tools: { zh: "调用与工具", en: "Call and tools" },
  tab_call: { zh: "在线调用", en: "Call" },
  tab_signature: { zh: "签名验证", en: "Signature" },
  tab_doctor: { zh: "请求诊断", en: "Doctor" },
  tab_code: { zh: "代码示例", en: "Code" },
  tab_documentation: { zh: "文档说明", en: "Documentation" },
  tab_errors: { zh: "错误码", en: "Errors" },
  tab_mock: { zh: "数据模拟", en: "Mock" },
  tab_limits: { zh: "频率与权限", en: "Limits" },
  tabs: { zh: "功能", en: "Tools" },
});

export const keys = words({
  title: { zh: "密钥", en: "Key" },
  secret_id: { zh: "SecretId", en: "SecretId" },
  secret_key: { zh: "SecretKey", en: "SecretKey" },
  keep: { zh: "在此标签页中保留", en: "Keep for this tab" },
  keep_what: {
    zh: "密钥只在内存中，刷新即丢失。勾选后保存在此标签页，关闭标签页时删除；绝不写入 URL。",
    en: "The key is in memory only and is lost on reload. With this it stays until the tab is closed. It is never in the URL.",
  },
  plain: {
    zh: "此页面未加密（http）。SecretKey 本身不会发送，但用于读取“我的数据”和诊断时会随请求发送，签名和回答可被同一网络中的人看到。",
    en: "This page is not encrypted (http). Calls send a signature and not the SecretKey, but “my data” and the doctor send the key itself, and others on the network can read it.",
  },
  session: { zh: "已在控制台登录：{key}", en: "Signed in to the console: {key}" },
  needed: { zh: "请填写 SecretId 和 SecretKey。", en: "Enter a SecretId and a SecretKey." },
});

export const call = words({
  scheme: { zh: "签名方法", en: "Signature" },
  method: { zh: "请求方法", en: "Method" },
  send: { zh: "发起调用", en: "Send" },
  cancel: { zh: "取消", en: "Cancel" },
  counts: {
    zh: "这是真实调用，计入频率限制（每秒 {n} 次）。",
    en: "This is a real call. It counts against the rate limit ({n} a second).",
  },
  counts_unlimited: { zh: "这是真实调用。", en: "This is a real call." },
  send_anyway: { zh: "仍然发送", en: "Send anyway" },
  nothing_yet: { zh: "尚未调用。按 Ctrl+Enter 也可以发送。", en: "Nothing sent yet. Ctrl+Enter sends, too." },
  sending: { zh: "正在调用……", en: "Sending…" },
  ok: { zh: "成功", en: "Success" },
  failed: { zh: "失败", en: "Refused" },
  unreachable: { zh: "没有回答：{reason}", en: "No answer: {reason}" },
  body: { zh: "返回结果", en: "Answer" },
  headers: { zh: "响应头", en: "Headers" },
  sent: { zh: "请求原文", en: "Request" },
  raw: { zh: "原文", en: "Raw" },
  pretty: { zh: "格式化", en: "Formatted" },
  download: { zh: "下载", en: "Download" },
  ask_doctor: { zh: "诊断此请求", en: "Ask the doctor" },
  see_code: { zh: "错误码说明", en: "About this code" },
  timeline: { zh: "时间线", en: "Time line" },
  signing: { zh: "签名", en: "signing" },
  network: { zh: "网络", en: "network" },
  waiting: { zh: "网络与服务器", en: "network and server" },
  server: { zh: "服务器", en: "server" },
  receiving: { zh: "接收", en: "receiving" },
  rows_read: { zh: "服务器读取 {n} 行", en: "{n} rows read by the server" },
  rows_answered: { zh: "返回 {rows} 行，共 {total} 行", en: "{rows} of {total} rows" },
  size: { zh: "{n} 字节", en: "{n} bytes" },
  find: { zh: "在结果中查找", en: "Find in the answer" },
  found: { zh: "{at}/{n}", en: "{at} of {n}" },
  found_none: { zh: "未找到", en: "not found" },
  too_many_rows: {
    zh: "只显示前 {n} 行，完整内容请下载。",
    en: "The first {n} lines are shown. Download the rest.",
  },
});

export const history = words({
  title: { zh: "调用历史", en: "History" },
  empty: { zh: "此标签页还没有调用。", en: "No calls from this tab yet." },
  refill: { zh: "填入", en: "Refill" },
  show: { zh: "查看", en: "Show" },
  compare: { zh: "对比所选的两次", en: "Compare the two selected" },
  choose: { zh: "选择第 {n} 次调用用于对比", en: "Select call {n} to compare" },
  gone: { zh: "刷新后不再保留返回内容。", en: "Answers are not kept after a reload." },
  clear: { zh: "清除", en: "Clear" },
  same: { zh: "两次返回内容相同（RequestId 除外）。", en: "Both answers are the same, apart from RequestId." },
  differ: { zh: "删除 {minus} 行，新增 {plus} 行", en: "{minus} lines removed, {plus} lines added" },
  large: {
    zh: "返回内容超过 1 MB，请下载后对比。",
    en: "An answer is larger than 1 MB. Download both to compare them.",
  },
  slow: { zh: "差异太多，无法在合理时间内计算。", en: "There are too many differences to compute in reasonable time." },
  equal_lines: { zh: "{n} 行相同", en: "{n} equal lines" },
});

export const signature = words({
  form_side: { zh: "按当前表单计算", en: "From the form" },
  paste_side: { zh: "您的请求", en: "Your request" },
  paste: { zh: "粘贴您的请求进行对照", en: "Paste your request to compare" },
  paste_what: {
    zh: "curl 命令、HTTP 原文，或您自己的规范请求串 / 待签名字符串",
    en: "A curl command, raw HTTP, or your own canonical request or string to sign",
  },
  paste_unread: {
    zh: "无法识别。请粘贴 curl 命令、以请求行开头的 HTTP 原文，或签名过程中的字符串。",
    en: "This is not a request. Paste a curl command, raw HTTP that begins with its request line, or a text of the signing process.",
  },
  timestamp: { zh: "时间戳", en: "Timestamp" },
  nonce: { zh: "随机数 Nonce", en: "Nonce" },
  now: { zh: "当前时间", en: "Now" },
  first_difference: {
    zh: "第一处不同：{step}，第 {line} 行第 {column} 列",
    en: "First difference: {step}, line {line}, column {column}",
  },
  no_difference: { zh: "各步骤完全一致。", en: "Every step is the same." },
  own_right: {
    zh: "用此 SecretKey 验证：请求自带的签名正确。",
    en: "With this SecretKey, the signature in the request is right.",
  },
  own_wrong: {
    zh: "用此 SecretKey 验证：请求自带的签名不正确，应为 {expected}。",
    en: "With this SecretKey, the signature in the request is wrong. It should be {expected}.",
  },
  same_time: {
    zh: "表单一侧使用了您的请求中的时间戳和 Nonce，以便对照。",
    en: "The form's side uses the timestamp and nonce of your request, so that the two can be compared.",
  },
  needs_key: { zh: "填写 SecretKey 后显示。", en: "Enter the SecretKey to see it." },
  show_keys: { zh: "显示派生密钥", en: "Show derived keys" },
  show_keys_what: {
    zh: "派生密钥在当天有效，请像 SecretKey 一样保密。",
    en: "Derived keys are valid for the day. Keep them as secret as the SecretKey.",
  },
  hidden: { zh: "（已隐藏）", en: "(hidden)" },
  payload: { zh: "请求正文 RequestPayload", en: "Body, RequestPayload" },
  hashed_payload: { zh: "请求正文的哈希 HashedRequestPayload", en: "Hash of the body, HashedRequestPayload" },
  canonical_request: { zh: "规范请求串 CanonicalRequest", en: "CanonicalRequest" },
  hashed_request: { zh: "规范请求串的哈希", en: "Hash of the CanonicalRequest" },
  scope: { zh: "凭证范围 CredentialScope", en: "CredentialScope" },
  string_to_sign: { zh: "待签名字符串 StringToSign", en: "StringToSign" },
  secret_date: { zh: "派生密钥 SecretDate", en: "SecretDate" },
  secret_service: { zh: "派生密钥 SecretService", en: "SecretService" },
  secret_signing: { zh: "派生密钥 SecretSigning", en: "SecretSigning" },
  signature: { zh: "签名 Signature", en: "Signature" },
  authorization: { zh: "Authorization 头", en: "Authorization header" },
  sorted_fields: { zh: "排序后的参数", en: "Sorted fields" },
  encoded: { zh: "编码后的参数（发送的内容）", en: "Encoded fields, as sent" },
});

export const doctor = words({
  what: {
    zh: "粘贴一个失败的请求，或填写返回中的 RequestId。服务器逐步重新计算签名，指出第一处错误和修改办法。",
    en: "Paste a request that failed, or give the RequestId of its answer. The server computes each step of the signature again and names the first that is wrong, and what to do.",
  },
  request: { zh: "失败的请求（curl、HTTP 原文、HAR 或 JSON）", en: "The failed request (curl, raw HTTP, HAR or JSON)" },
  request_id: { zh: "或 RequestId", en: "or its RequestId" },
  run: { zh: "诊断", en: "Diagnose" },
  running: { zh: "正在诊断……", en: "Diagnosing…" },
  proven: { zh: "已证实", en: "proven" },
  suspected: { zh: "可能", en: "suspected" },
  fine: { zh: "没有问题", en: "nothing wrong" },
  expected: { zh: "服务器计算", en: "The server computes" },
  found: { zh: "请求中", en: "The request has" },
  steps: { zh: "签名步骤", en: "Steps of the signature" },
  missing: {
    zh: "此服务器没有诊断接口。请在命令行使用 runlog doctor。",
    en: "This server has no route for the doctor. Use `runlog doctor` on the command line.",
  },
});

export const code = words({
  language: { zh: "语言", en: "Language" },
  variables: {
    zh: "密钥从环境变量读取，不写入代码。复制后可直接运行。",
    en: "The key is read from the environment and is not in the code. It runs as printed.",
  },
  prepare: { zh: "安装与运行", en: "Install and run" },
  certificate: {
    zh: "使用自签名证书时，请让 SDK 信任该证书，见文档“客户端”。",
    en: "With a self-signed certificate, make the SDK trust it; see “Clients” in the docs.",
  },
});

export const documentation = words({
  input: { zh: "输入参数", en: "Parameters" },
  output: { zh: "输出参数", en: "Answer" },
  name: { zh: "名称", en: "Name" },
  type: { zh: "类型", en: "Type" },
  required: { zh: "必选", en: "Required" },
  yes: { zh: "是", en: "yes" },
  no: { zh: "否", en: "no" },
  meaning: { zh: "说明", en: "Meaning" },
  values: { zh: "可选值：{values}", en: "Values: {values}" },
  default_is: { zh: "默认值：{value}", en: "Default: {value}" },
  max_bytes: { zh: "最多 {n} 字节", en: "At most {n} bytes" },
  sample_request: { zh: "请求示例", en: "Example request" },
  sample_response: { zh: "返回示例", en: "Example answer" },
  request_id: { zh: "唯一请求 ID，每次请求都会返回。", en: "The id of the request. Every answer has one." },
  sources: { zh: "公开文档", en: "Published pages" },
  ours: { zh: "本项目的约定", en: "decided by runlog" },
  can_be_null: { zh: "可能为 null", en: "can be null" },
});

export const errors = words({
  filter: { zh: "按错误码或含义筛选", en: "Filter by code or meaning" },
  code: { zh: "错误码", en: "Code" },
  meaning: { zh: "含义", en: "Meaning" },
  todo: { zh: "处理办法", en: "What to do" },
  own: { zh: "此接口的错误码", en: "Codes of this action" },
  common: { zh: "公共错误码", en: "Common codes" },
  listed: {
    zh: "云上列出、此服务器不会返回的错误码",
    en: "Codes that the cloud lists and this server does not answer with",
  },
  none: { zh: "没有匹配的错误码。", en: "No code matches." },
});

export const mock = words({
  what: {
    zh: "固定的示例返回，不需要签名，不读取任何数据，适合开发和测试。",
    en: "A fixed example answer, for development and tests. It needs no signature and reads no data.",
  },
  url: { zh: "地址", en: "Address" },
  sdk: {
    zh: "SDK 和 tccli：把 endpoint 设为 {endpoint}，其余代码不变。",
    en: "SDKs and tccli: set the endpoint to {endpoint} and change nothing else.",
  },
  answer: { zh: "返回内容", en: "Answer" },
  fetch: { zh: "请求此地址", en: "Fetch it" },
  same: { zh: "服务器返回了相同的内容。", en: "The server answered the same." },
  other: { zh: "服务器返回了不同的内容（HTTP {status}）。", en: "The server answered something else (HTTP {status})." },
});

export const limits = words({
  rate: { zh: "频率限制", en: "Rate limit" },
  rate_is: { zh: "每个密钥每秒 {n} 次", en: "{n} requests a second for each key" },
  rate_none: { zh: "此服务器没有频率限制", en: "This server has no rate limit" },
  rate_what: {
    zh: "任意一秒内成功处理的请求数。超出时返回 RequestLimitExceeded，稍后重试即可；服务器选项 rate_limit 可调整。",
    en: "Requests served in any one second. More are refused with RequestLimitExceeded; try again a little later. The server option rate_limit changes it.",
  },
  cam: { zh: "权限（CAM）", en: "Permission (CAM)" },
  operation: { zh: "操作", en: "Action" },
  resource: { zh: "资源", en: "Resource" },
  level_function: { zh: "可授权到单个函数", en: "Can be granted for one function" },
  level_account: { zh: "只能授权到全部资源（*）", en: "Can only be granted for all resources (*)" },
  policy: { zh: "允许此操作的策略", en: "A policy that allows it" },
  check: { zh: "此密钥能否调用？", en: "May this key call it?" },
  check_what: {
    zh: "按表单中的地域、命名空间和函数检查当前密钥的策略。",
    en: "Checks the policies of the key above for the region, namespace and function of the form.",
  },
  allowed: { zh: "允许", en: "Allowed" },
  denied: { zh: "不允许", en: "Not allowed" },
  statement: { zh: "起决定作用的语句", en: "The statement that decides" },
  no_statement: { zh: "没有语句允许它。", en: "No statement allows it." },
  root: { zh: "主账号密钥，允许全部操作。", en: "A root key: everything in its account is allowed." },
  unknown: {
    zh: "此服务器不提供权限查询。请在服务器上使用 runlog policy check。",
    en: "This server has no route for this question. Use `runlog policy check` on the server.",
  },
});
