import { words } from "../../../shared/i18n.ts";

export const runsWords = words({
  filter: { zh: "过滤运行", en: "Filter runs" },
  filter_hint: {
    zh: "function:nightly result:failed timeout   按 / 输入",
    en: "function:nightly result:failed timeout   press /",
  },
  filters: { zh: "过滤条件", en: "Filters" },
  filters_active: { zh: "过滤条件（{n}）", en: "Filters ({n})" },
  remove: { zh: "去掉 {filter}", en: "Remove {filter}" },
  keyword: { zh: "关键字", en: "Text" },
  refused_unknown: {
    zh: "没有名为“{token}”的过滤条件。要在输出中搜索它，请加引号。",
    en: "There is no filter {token}. Put it in quotes to search the output for it.",
  },
  refused_twice: { zh: "“{token}”：每种过滤条件只能用一次。", en: "{token}: a filter can be used once." },
  refused_empty: { zh: "“{token}”后面缺少值。", en: "{token} lacks a value." },
  refused_result: {
    zh: "“{token}”：请写 ok、failed、running，或用逗号分隔的返回码。",
    en: "{token}: write ok, failed, running, or return codes separated by commas.",
  },
  refused_quote: { zh: "“{token}”后面缺少引号。", en: "The quote around {token} does not end." },

  total: { zh: "{total} 次运行", en: "{total} runs" },
  total_failed: { zh: "{n} 次失败", en: "{n} failed" },
  total_running: { zh: "{n} 次运行中", en: "{n} running" },
  percentiles: { zh: "p50 {p50} · p95 {p95} · p99 {p99}", en: "p50 {p50} · p95 {p95} · p99 {p99}" },
  loaded: { zh: "已加载 {n} 行", en: "{n} rows loaded" },

  none: { zh: "没有匹配的运行", en: "No run matches" },
  none_in_window: { zh: "这段时间内没有运行", en: "No run in this window" },
  without: { zh: "去掉 {filter}：{n} 次运行", en: "Without {filter}: {n} runs" },
  clear: { zh: "清除全部过滤条件", en: "Clear all filters" },
  widen: { zh: "扩大到最近一次运行（{time}）", en: "Widen to the last run ({time})" },
  never: { zh: "还没有任何运行记录。", en: "No run has arrived yet." },

  filter_hint_click: { zh: "点击以过滤", en: "Click to filter" },
  more_values: { zh: "另有 {values} 个值，{runs} 次运行", en: "{values} more values, {runs} runs" },
  state: { zh: "状态", en: "State" },
  in_flight: { zh: "正在运行", en: "In flight" },

  table: { zh: "运行列表", en: "Runs" },
  panel: { zh: "所选的运行", en: "The selected run" },
  open_whole: { zh: "打开完整页面", en: "Open the whole run" },
  close_panel: { zh: "关闭（Esc）", en: "Close (Esc)" },
  sort_by: { zh: "按“{column}”排序", en: "Sort by {column}" },
  select: { zh: "选作对比", en: "Select to compare" },
  compare_two: { zh: "对比所选的两次运行", en: "Compare the two" },
  compare_one: { zh: "再选一次运行以对比", en: "Select one more to compare" },
  no_duration: { zh: "–", en: "–" },
  more_failed: { zh: "无法加载更多行", en: "More rows could not be loaded" },
});
