// Words of the front door.

import { words } from "../shared/i18n.ts";

export const front = words({
  lead: {
    zh: "保存函数的运行日志，并回答关于它们的问题。",
    en: "Keeps the run logs of functions and answers questions about them.",
  },
  console: { zh: "控制台", en: "Console" },
  console_what: {
    zh: "函数、运行记录、实时日志和报告。用密钥或令牌登录。",
    en: "Functions, runs, live logs and reports. Sign in with a key or a token.",
  },
  explorer: { zh: "API Explorer", en: "API Explorer" },
  explorer_what: {
    zh: "在线调用、签名验证、代码生成、快速检索接口。",
    en: "Call an action, check a signature, generate SDK code, find an action quickly.",
  },
  docs: { zh: "文档", en: "Docs" },
  docs_what: { zh: "本版本的使用文档，离线可读。", en: "The documentation of this version, readable offline." },
  openapi: { zh: "openapi.json", en: "openapi.json" },
  openapi_what: { zh: "原生 API 的 OpenAPI 3.1 描述。", en: "The native API, described as OpenAPI 3.1." },
  start: { zh: "从命令行开始", en: "From a command line" },
  start_what: {
    zh: "最近一天的运行记录。密钥在服务器首次启动时打印一次。",
    en: "The runs of the last day. The server prints the first key once, when it starts for the first time.",
  },
});
