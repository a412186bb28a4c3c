// Words that several pages use.

import { words } from "./i18n.ts";

export const shared = words({
  home: { zh: "首页", en: "Home" },
  console: { zh: "控制台", en: "Console" },
  explorer: { zh: "API Explorer", en: "API Explorer" },
  docs: { zh: "文档", en: "Docs" },
  theme: { zh: "主题", en: "Theme" },
  theme_system: { zh: "跟随系统", en: "System" },
  theme_light: { zh: "浅色", en: "Light" },
  theme_dark: { zh: "深色", en: "Dark" },
  language: { zh: "语言", en: "Language" },
  pages: { zh: "页面", en: "Pages" },
  skip: { zh: "跳到正文", en: "Skip to content" },
  copy: { zh: "复制", en: "Copy" },
  copied: { zh: "已复制", en: "Copied" },
  copy_failed: {
    zh: "无法写入剪贴板，请选中后按 Ctrl+C。",
    en: "The clipboard is not available. Press Ctrl+C to copy the selected text.",
  },
  close: { zh: "关闭", en: "Close" },
  retry: { zh: "重试", en: "Try again" },
  loading: { zh: "正在加载……", en: "Loading…" },
  unreachable: {
    zh: "无法连接服务器。请确认它正在运行，且网络可用。",
    en: "The server cannot be reached. Check that it is running and that the network works.",
  },
  signed_out: { zh: "登录已结束，请重新登录。", en: "The session has ended. Sign in again." },
  not_json: { zh: "服务器的回答不是 JSON（HTTP {status}）。", en: "The server's answer is not JSON (HTTP {status})." },
});
