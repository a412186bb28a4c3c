// The top bar of every page: name, pages, theme, language; a page may add its own controls.

import type { ComponentChildren, JSX } from "preact";

import { language, setLanguage, useText, type Text } from "./i18n.ts";
import { installation } from "./installation.ts";
import { useStore } from "./store.ts";
import { setTheme, theme, THEMES, type Theme } from "./theme.ts";
import { shared } from "./words.ts";
import "./top-bar.css";

export type Page = "home" | "console" | "explorer" | "docs";

const PAGES: readonly { readonly id: Page; readonly href: string; readonly text: Text }[] = [
  { id: "console", href: "/console", text: shared.console },
  { id: "explorer", href: "/explorer", text: shared.explorer },
  { id: "docs", href: "/docs", text: shared.docs },
];

const THEME_TEXTS: Readonly<Record<Theme, Text>> = {
  system: shared.theme_system,
  light: shared.theme_light,
  dark: shared.theme_dark,
};

interface Props {
  readonly page: Page;
  /** Controls of the page, before theme and language. */
  readonly children?: ComponentChildren;
}

export function TopBar({ page, children }: Props): JSX.Element {
  const t = useText();
  const shown = useStore(theme);
  const chosen = useStore(language);
  return (
    <header class="top-bar">
      <a class="skip" href="#main">
        {t(shared.skip)}
      </a>
      <a class="top-name" href="/" title={t(shared.home)}>
        <span class="top-mark" aria-hidden="true" />
        {installation().name}
      </a>
      <nav class="top-pages" aria-label={t(shared.pages)}>
        {PAGES.map(({ id, href, text }) => (
          <a key={id} href={href} aria-current={id === page ? "page" : undefined}>
            {t(text)}
          </a>
        ))}
      </nav>
      <div class="top-own">{children}</div>
      <label class="top-choice">
        <span class="visually-hidden">{t(shared.theme)}</span>
        <select
          value={shown}
          onChange={(event) => setTheme(event.currentTarget.value as Theme)}
          title={t(shared.theme)}
        >
          {THEMES.map((one) => (
            <option key={one} value={one}>
              {t(THEME_TEXTS[one])}
            </option>
          ))}
        </select>
      </label>
      <button
        type="button"
        class="button quiet top-language"
        lang={chosen === "zh" ? "en" : "zh-CN"}
        title={t(shared.language)}
        onClick={() => setLanguage(chosen === "zh" ? "en" : "zh")}
      >
        {chosen === "zh" ? "English" : "中文"}
      </button>
    </header>
  );
}
