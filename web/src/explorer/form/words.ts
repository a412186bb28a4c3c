// Words of the form and of its problems.

import { words } from "../../shared/i18n.ts";

export const problems = words({
  missing: { zh: "必填。", en: "Required." },
  integer: { zh: "应为整数。", en: "Must be an integer." },
  number: { zh: "应为数字。", en: "Must be a number." },
  boolean: { zh: "应为 true 或 false。", en: "Must be true or false." },
  least: { zh: "不能小于 {low}。", en: "Must be at least {low}." },
  most: { zh: "不能大于 {high}。", en: "Must be at most {high}." },
  time: { zh: "时间格式应为 2017-05-16 20:00:00。", en: "Write a time as 2017-05-16 20:00:00." },
  one_of: { zh: "可选值：{values}。", en: "Must be one of: {values}." },
  long: { zh: "太长：{bytes} 字节，最多 {max} 字节。", en: "Too long: {bytes} bytes; the limit is {max}." },
  sum: { zh: "Offset+Limit 为 {sum}，不能大于 {max}。", en: "Offset+Limit is {sum} and cannot be greater than {max}." },
  both: { zh: "StartTime 与 EndTime 要么都填，要么都不填。", en: "Give both StartTime and EndTime, or neither." },
  order: { zh: "EndTime 不能早于 StartTime。", en: "EndTime cannot be before StartTime." },
  day: { zh: "时间窗口不能超过一天。", en: "The window can be a day at most." },
});

export const form = words({
  title: { zh: "参数", en: "Parameters" },
  required_only: { zh: "只看必填参数", en: "Required only" },
  required: { zh: "必填", en: "required" },
  no_params: { zh: "没有符合条件的参数。", en: "No parameters to show." },
  none_required: { zh: "此接口没有必填参数。", en: "This action has no required parameters." },
  region: { zh: "地域 Region", en: "Region" },
  fill: { zh: "用我的数据填写", en: "Fill from my data" },
  fill_what: {
    zh: "用最近一次运行的函数、请求 ID 和今天的时间窗口填写",
    en: "Takes the function and request id of the latest run, and today's window",
  },
  sample: { zh: "填入示例", en: "Fill with the example" },
  clear: { zh: "清空", en: "Clear" },
  add: { zh: "添加一项", en: "Add an entry" },
  remove: { zh: "删除第 {n} 项", en: "Remove entry {n}" },
  entry: { zh: "第 {n} 项", en: "Entry {n}" },
  default_is: { zh: "默认 {value}", en: "default {value}" },
  example: { zh: "例如 {value}", en: "e.g. {value}" },
  today: { zh: "今天", en: "Today" },
  yesterday: { zh: "昨天", en: "Yesterday" },
  hour: { zh: "最近 1 小时", en: "Last hour" },
  day: { zh: "最近 24 小时", en: "Last 24 hours" },
  window: { zh: "时间窗口", en: "Window" },
  no_data: { zh: "没有可用的运行记录。", en: "There are no runs to take values from." },
  need_key: {
    zh: "要读取您的数据，请先填写密钥，或在控制台登录。",
    en: "To read your data, enter a key below or sign in to the console.",
  },
  problems: { zh: "有 {n} 处需要修改", en: "{n} to correct" },
});
