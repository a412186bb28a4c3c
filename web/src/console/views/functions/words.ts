import { words } from "../../../shared/i18n.ts";

export const functionsWords = words({
  filter: { zh: "按名称过滤", en: "Filter by name" },
  state: { zh: "状态", en: "State" },
  strip: { zh: "运行分布", en: "Runs over time" },
  runs: { zh: "运行次数", en: "Runs" },
  errors: { zh: "错误率", en: "Errors" },
  p50_p95: { zh: "p50／p95", en: "p50 / p95" },
  memory: { zh: "内存峰值", en: "Peak memory" },
  last: { zh: "最近一次", en: "Last run" },
  last_ok: { zh: "上次成功", en: "Last success" },
  now: { zh: "正在运行", en: "Running" },
  never: { zh: "从未", en: "never" },
  ago: { zh: "{length}前", en: "{length} ago" },
  soon: { zh: "{length}后", en: "in {length}" },
  cell: {
    zh: "{from} – {to}：成功 {ok}，失败 {failed}，运行中 {running}",
    en: "{from} – {to}: {ok} ok, {failed} failed, {running} running",
  },
  strip_label: { zh: "共 {runs} 次运行，失败 {failed} 次", en: "{runs} runs, {failed} failed" },
  summary: {
    zh: "{functions} 个函数 · {runs} 次运行 · {failed} 次失败",
    en: "{functions} functions · {runs} runs · {failed} failed",
  },
  rest: {
    zh: "另有 {n} 个函数未列出。请用命名空间缩小范围。",
    en: "{n} more functions are not listed. Choose a namespace to see them.",
  },
  one_run: {
    zh: "每次调用是一条记录：结果、时长、内存和完整输出都在其中。",
    en: "Each invocation is one record, with its result, time, memory and whole output.",
  },
  empty: { zh: "还没有运行记录", en: "No run has arrived yet" },
  empty_what: {
    zh: "把一条命令作为函数运行，它就会出现在这里：",
    en: "Run any command as a function, and it appears here:",
  },
  none_match: { zh: "没有名称含“{text}”的函数。", en: "No function name contains “{text}”." },
  clear: { zh: "清除过滤", en: "Clear the filter" },
  versions: { zh: "{n} 个版本", en: "{n} versions" },
  sort_by: { zh: "按“{column}”排序", en: "Sort by {column}" },
});
