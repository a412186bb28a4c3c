// The pages of `docs/`, in the order in which a newcomer reads them. Each is loaded when it is opened.

const FILES = import.meta.glob<string>(["../../../docs/*.md", "../../../docs/zh/*.md"], {
  query: "?raw",
  import: "default",
});

const ORDER = [
  "run",
  "ingest",
  "import",
  "console",
  "cli",
  "report",
  "api",
  "clients",
  "doctor",
  "permissions",
  "operate",
  "options",
  "otlp",
  "export",
  "canary",
  "guarantees",
];

const PREFIX = "../../../docs/";

/** The names of all pages; those that the order does not know come last. */
export function pageNames(): readonly string[] {
  const names = Object.keys(FILES)
    .filter((file) => !file.startsWith(`${PREFIX}zh/`))
    .map((file) => file.slice(PREFIX.length, -".md".length));
  const place = (name: string): number => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
  return names.sort((a, b) => place(a) - place(b) || a.localeCompare(b));
}

export interface Page {
  readonly text: string;
  /** Whether it is in the language that was asked for. */
  readonly isTranslated: boolean;
}

/** The text of a page, in English where there is no translation; `undefined` when there is no such page. */
export async function loadPage(name: string, language: "zh" | "en"): Promise<Page | undefined> {
  const translated = language === "zh" ? FILES[`${PREFIX}zh/${name}.md`] : undefined;
  const load = translated ?? FILES[`${PREFIX}${name}.md`];
  if (load === undefined) return undefined;
  return { text: await load(), isTranslated: language === "en" || translated !== undefined };
}
