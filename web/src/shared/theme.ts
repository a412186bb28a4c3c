// Dark, light, or as the system has it. The choice is an attribute of the root element; the colours are in theme.css.

import { remember, remembered } from "./memory.ts";
import { Store } from "./store.ts";

export type Theme = "system" | "light" | "dark";
export const THEMES: readonly Theme[] = ["system", "light", "dark"];

const KEY = "theme";

export const theme = new Store<Theme>(initial());

function initial(): Theme {
  const chosen = remembered(KEY);
  return THEMES.find((known) => known === chosen) ?? "system";
}

/** Switches the theme, and remembers it on this browser. */
export function setTheme(next: Theme): void {
  remember(KEY, next);
  theme.set(next);
  applyTheme();
}

/** Puts the chosen theme on the page. */
export function applyTheme(): void {
  const chosen = theme.get();
  if (chosen === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
}

/** Whether the page is dark now; charts that draw on a canvas ask. */
export function isDark(): boolean {
  const chosen = theme.get();
  return chosen === "system" ? matchMedia("(prefers-color-scheme: dark)").matches : chosen === "dark";
}
