import { words } from "../../../shared/i18n.ts";

export const liveWords = words({
  live: { zh: "实时", en: "Live" },
  start: { zh: "实时查看", en: "Go live" },
  stop: { zh: "结束实时", en: "Stop live" },
  connecting: { zh: "正在连接", en: "connecting" },
  reconnecting: { zh: "正在重新连接", en: "reconnecting" },
  ended: { zh: "已停止：{reason}", en: "stopped: {reason}" },
  polling: { zh: "每 3 秒更新（其他标签页正在实时查看）", en: "every 3 s (other tabs are live)" },
  paused: { zh: "已暂停，{n} 条新记录", en: "paused, {n} new" },
  paused_said: { zh: "实时查看已暂停", en: "The live view is paused" },
  held: { zh: "指针在列表上，{n} 条新记录等待显示", en: "held under the pointer, {n} new" },
  pause: { zh: "暂停（p）", en: "Pause (p)" },
  resume: { zh: "继续（p）", en: "Resume (p)" },
  counters: {
    zh: "收到 {received} · 显示 {shown} · 遗漏 {missed} · 每秒 {rate}",
    en: "received {received} · shown {shown} · missed {missed} · {rate}/s",
  },
  missed_what: {
    zh: "每个事件都带有上一个事件的序号，因此“遗漏 0”是经过验证的。",
    en: "Each event names the one before it, so “missed 0” is proven.",
  },
  gap: {
    zh: "序号 {from} 到 {to} 之间的部分记录在送达前已被{why}。",
    en: "Some reports between #{from} and #{to} were {why} before they arrived here.",
  },
  gap_retention: { zh: "保留策略删除", en: "removed by retention" },
  gap_damage: { zh: "损坏文件丢失", en: "lost in a damaged file" },
  older: { zh: "更早的 {n} 条已移出此页", en: "{n} older ones have left this page" },
  as_query: { zh: "作为查询打开", en: "Open as a query" },
  waiting: { zh: "等待运行……", en: "Waiting for runs…" },
  waiting_what: {
    zh: "有运行开始或结束时会立即显示在这里。",
    en: "A run appears here when it starts and when it ends.",
  },
});
