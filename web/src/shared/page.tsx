// The start of every page: theme, language, title and favicon of the installation, then the page's own component.

import { render, type ComponentChild } from "preact";

import { installation } from "./installation.ts";
import { language, languageTag } from "./i18n.ts";
import { applyTheme } from "./theme.ts";
import "./theme.css";
import "./base.css";

const shown = installation();

/** Puts `view` on the page. */
export function start(view: ComponentChild): void {
  applyTheme();
  document.documentElement.lang = languageTag();
  language.subscribe((chosen) => {
    document.documentElement.lang = languageTag(chosen);
  });
  if (shown.accent !== undefined) brand(shown.accent);
  const root = document.getElementById("app");
  if (root === null) throw new Error("the page has no #app");
  render(view, root);
}

/** Sets the title: what the page shows, then the installation's name. */
export function setTitle(what: string): void {
  document.title = what === "" ? shown.name : `${what} · ${shown.name}`;
}

function brand(accent: string): void {
  document.documentElement.style.setProperty("--brand", accent);
  const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  if (icon === null) return;
  const mark = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="6" fill="${accent}"/><path d="M8 9h16M8 16h11M8 23h6" stroke="#fff" stroke-width="3" stroke-linecap="round"/></svg>`;
  icon.href = `data:image/svg+xml,${encodeURIComponent(mark)}`;
}
