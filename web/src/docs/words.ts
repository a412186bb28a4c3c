// Words of the docs page, and the titles of its pages for the list.

import { words, type Text } from "../shared/i18n.ts";

export const docs = words({
  title: { zh: "文档", en: "Docs" },
  on_this_page: { zh: "本页内容", en: "On this page" },
  missing: { zh: "没有名为 {name} 的文档。", en: "There is no page {name}." },
  english: { zh: "此页还没有中文版，以下为英文。", en: "This page has no translation yet." },
});

const TITLES = words({
  api: { zh: "签名 API 与原生 API", en: "The APIs" },
  canary: { zh: "Canary：在线验证", en: "Canary" },
  cli: { zh: "命令行", en: "Command line" },
  clients: { zh: "客户端", en: "Clients" },
  console: { zh: "控制台与 API Explorer", en: "Console and API Explorer" },
  doctor: { zh: "请求诊断", en: "Doctor" },
  export: { zh: "导出", en: "Export" },
  guarantees: { zh: "保证", en: "Guarantees" },
  import: { zh: "导入与拉取", en: "Import and pull" },
  ingest: { zh: "写入运行记录", en: "Storing runs" },
  operate: { zh: "运维", en: "Running a server" },
  options: { zh: "选项", en: "Options" },
  otlp: { zh: "OpenTelemetry 日志", en: "OpenTelemetry logs" },
  permissions: { zh: "密钥与权限", en: "Keys and permissions" },
  report: { zh: "报告", en: "Reports" },
  run: { zh: "把任何命令作为函数运行", en: "Any command as a function" },
});

/** The title of a page in the list; a new page has its name until it gets one here. */
export function titleOf(name: string): Text {
  const known: Readonly<Record<string, Text>> = TITLES;
  return known[name] ?? { zh: name, en: name };
}
