// Words of the console's frame, and those that several views use.

import { words } from "../shared/i18n.ts";

export const common = words({
  functions: { zh: "函数", en: "Functions" },
  runs: { zh: "运行", en: "Runs" },
  live: { zh: "实时", en: "Live" },
  compare: { zh: "对比", en: "Compare" },
  reports: { zh: "报告", en: "Reports" },
  server: { zh: "服务器", en: "Server" },
  views: { zh: "视图", en: "Views" },
  unknown_view: { zh: "这里没有页面。", en: "There is no page here." },
  to_functions: { zh: "前往函数列表", en: "Go to the functions" },

  ok: { zh: "成功", en: "ok" },
  failed: { zh: "失败", en: "failed" },
  running: { zh: "运行中", en: "running" },
  interrupted: { zh: "已中断", en: "interrupted" },
  late: { zh: "逾期", en: "late" },
  quiet: { zh: "无运行", en: "no runs" },

  namespace: { zh: "命名空间", en: "Namespace" },
  all_namespaces: { zh: "全部命名空间", en: "All namespaces" },
  region: { zh: "地域", en: "Region" },
  version: { zh: "版本", en: "Version" },
  function: { zh: "函数", en: "Function" },
  start: { zh: "开始时间", en: "Start" },
  duration: { zh: "时长", en: "Duration" },
  memory: { zh: "内存", en: "Memory" },
  code: { zh: "返回码", en: "Code" },
  message: { zh: "消息", en: "Message" },
  request_id: { zh: "请求 ID", en: "Request id" },
  result: { zh: "结果", en: "Result" },

  window: { zh: "时间范围", en: "Time range" },
  zone: { zh: "时区", en: "Time zone" },
  zone_browser: { zh: "浏览器时区", en: "Browser" },
  zone_server: { zh: "服务器时区", en: "Server" },
  last: { zh: "最近 {span}", en: "Last {span}" },
  all_time: { zh: "全部时间", en: "All time" },
  from: { zh: "从（含）", en: "From (inclusive)" },
  to: { zh: "到（不含）", en: "To (exclusive)" },
  apply: { zh: "应用", en: "Apply" },
  bad_time: { zh: "请写成 2026-07-01 08:00:00，或留空。", en: "Write it as 2026-07-01 08:00:00, or leave it empty." },
  bad_order: { zh: "结束时间早于开始时间。", en: "The end is before the start." },
  custom_since: { zh: "其他时长，如 90m", en: "Another length, such as 90m" },

  as_of: { zh: "截至 {time}", en: "as of {time}" },
  frozen: { zh: "固定于序号 {seq}", en: "pinned at #{seq}" },
  unfreeze: { zh: "解除固定", en: "Unpin" },
  refresh: { zh: "刷新", en: "Refresh" },
  refreshing: { zh: "正在刷新", en: "Refreshing" },
  permanent_link: { zh: "复制永久链接", en: "Copy permanent link" },
  link_copied: { zh: "已复制永久链接。", en: "Permanent link copied." },
  open_in_explorer: { zh: "在 API Explorer 中打开", en: "Open in Explorer" },
  help: { zh: "快捷键", en: "Keys" },
  sign_out: { zh: "退出登录", en: "Sign out" },
  read_only: { zh: "只读", en: "read-only" },
  menu: { zh: "菜单", en: "Menu" },

  error: { zh: "无法加载", en: "Not loaded" },
  set_aside: {
    zh: "有 {n} 个文件无法读取，其中的运行未计入。详情见“服务器”。",
    en: "{n} files could not be read; their runs are missing here. See Server.",
  },
});

export const signInWords = words({
  title: { zh: "登录", en: "Sign in" },
  lead: {
    zh: "使用密钥或令牌登录。浏览器只保留一个会话 Cookie，不保存密钥。",
    en: "Use a key or a token. The browser keeps a session cookie, never the secret.",
  },
  key: { zh: "密钥", en: "Key" },
  token: { zh: "令牌", en: "Token" },
  way: { zh: "登录方式", en: "Sign in with" },
  secret_id: { zh: "SecretId", en: "SecretId" },
  secret_key: { zh: "SecretKey", en: "SecretKey" },
  submit: { zh: "登录", en: "Sign in" },
  waiting: { zh: "正在登录……", en: "Signing in…" },
  refused: { zh: "服务器不接受：{reason}", en: "The server refuses this: {reason}" },
  plain: {
    zh: "此页面通过 http 打开：密钥将以明文经过网络。请改用 https，或仅在可信网络中使用。",
    en: "This page was opened over http: the secret crosses the network in clear. Use https, or a network that you trust.",
  },
  where: {
    zh: "首次启动时，服务器会打印一次根密钥；更多密钥与令牌由 runlog keys 创建。",
    en: "The server prints a root key once, at its first start. runlog keys creates more keys and tokens.",
  },
});

export const keyWords = words({
  title: { zh: "快捷键", en: "Keys" },
  find: { zh: "搜索或过滤", en: "Search or filter" },
  matches: { zh: "下一个／上一个匹配", en: "Next / previous match" },
  rows: { zh: "下一行／上一行", en: "Next / previous row" },
  open: { zh: "打开选中的运行", en: "Open the selected run" },
  close: { zh: "关闭面板或对话框", en: "Close the panel or dialog" },
  errors: { zh: "下一个／上一个错误", en: "Next / previous error" },
  only: { zh: "仅看失败的运行；输出中仅看匹配行", en: "Only failed runs; in an output, only matches" },
  ends: { zh: "到开头／结尾", en: "To the start / end" },
  time: { zh: "时间范围；输出中切换时间列", en: "Time range; in an output, the time column" },
  shift: { zh: "时间范围前移／后移；上一次／下一次运行", en: "Earlier / later window; previous / next run" },
  zoom: { zh: "缩小／放大时间范围", en: "Zoom the window in / out" },
  pause: { zh: "暂停／继续实时视图", en: "Pause or resume the live view" },
  diff: { zh: "与上次成功的运行对比", en: "Compare with the last success" },
  copy: { zh: "复制选中的行，或全部输出", en: "Copy the selected lines, or the whole output" },
  link: { zh: "复制永久链接", en: "Copy a permanent link" },
  help: { zh: "显示本页", en: "Show this list" },
  letters: { zh: "启用单字母快捷键", en: "Single letters are keys" },
  explained: {
    zh: "输入文字或使用输入法时，快捷键不生效。",
    en: "Keys are silent while you type or use an input method.",
  },
});

export const histogramWords = words({
  title: {
    zh: "运行随时间的分布。拖动以放大；左右键移动，回车放大。",
    en: "Runs over time. Drag to zoom; arrow keys move, Enter zooms.",
  },
  p95: { zh: "p95 时长", en: "p95 duration" },
  cut: { zh: "只有一部分在时间范围内", en: "partly outside of the window" },
  bucket: { zh: "时间段", en: "Bucket" },
});
