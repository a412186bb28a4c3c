// Two languages, always both: a table of words that lacks one does not compile.

import { useStore, Store } from "./store.ts";
import { remember, remembered } from "./memory.ts";

export type Language = "zh" | "en";

/** A text in both languages. `{name}` is replaced by a value. */
export interface Text {
  readonly zh: string;
  readonly en: string;
}

export type Values = Readonly<Record<string, string | number>>;

/** A table of texts. Its type makes both languages compulsory and the names checkable. */
export function words<T extends Record<string, Text>>(table: T): T {
  return table;
}

const KEY = "language";

/** The language of the whole page. */
export const language = new Store<Language>(initial());

function initial(): Language {
  const chosen = remembered(KEY);
  if (chosen === "zh" || chosen === "en") return chosen;
  const browser = typeof navigator === "undefined" ? "en" : navigator.language;
  return browser.toLowerCase().startsWith("zh") ? "zh" : "en";
}

/** Switches the language, and remembers it on this browser. */
export function setLanguage(next: Language): void {
  remember(KEY, next);
  language.set(next);
}

/** A text in one language, with its values. */
export function render(text: Text, values: Values = {}, chosen: Language = language.get()): string {
  return text[chosen].replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : String(value);
  });
}

export type Translate = (text: Text, values?: Values) => string;

/** The translating function of a component, which draws anew when the language changes. */
export function useText(): Translate {
  const chosen = useStore(language);
  return (text, values) => render(text, values, chosen);
}

/** The tag for `Intl`, `lang=` and `X-TC-Language`. */
export function languageTag(chosen: Language = language.get()): "zh-CN" | "en-US" {
  return chosen === "zh" ? "zh-CN" : "en-US";
}
