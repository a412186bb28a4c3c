import { words } from "../../../shared/i18n.ts";

export const compareWords = words({
  title: { zh: "对比两次运行", en: "Compare two runs" },
  choose: {
    zh: "在运行列表中勾选两次运行，或在一次运行的页面中按 d，与上次成功的运行对比。",
    en: "Tick two runs in the list, or press d on a run to compare it with the last success.",
  },
  to_runs: { zh: "前往运行列表", en: "Go to the runs" },
  pair: { zh: "或填写两个请求 ID", en: "Or give two request ids" },
  compare: { zh: "对比", en: "Compare" },
  fields: { zh: "不同的字段", en: "Fields that differ" },
  none: { zh: "除标识与时间外，字段都相同。", en: "No field differs, apart from id and time." },
  field: { zh: "字段", en: "Field" },
  change: { zh: "变化", en: "Change" },
  output: { zh: "输出", en: "Output" },
  same: { zh: "输出相同。", en: "The outputs are the same." },
  same_masked: { zh: "除被屏蔽的内容外，输出相同。", en: "The outputs are the same, apart from what is masked." },
  changed: { zh: "行数：−{a} +{b}", en: "lines: −{a} +{b}" },
  mask_times: { zh: "忽略时间", en: "Ignore times" },
  mask_ids: { zh: "忽略 ID 与数字", en: "Ignore ids and numbers" },
  rough: { zh: "差异过大：中间部分按整体变化显示。", en: "Too different: the middle is shown as one change." },
  fold: { zh: "展开相同的 {n} 行", en: "Show {n} equal lines" },
  comparing: { zh: "正在对比……", en: "Comparing…" },
  swap: { zh: "交换两侧", en: "Swap sides" },
  next: { zh: "下一处差异（n）", en: "Next change (n)" },
  previous: { zh: "上一处差异（N）", en: "Previous change (N)" },
});
