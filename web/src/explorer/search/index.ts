// What the quick search finds: actions, parameters and error codes, by their names and their texts in both languages.

import type { Text } from "../../shared/i18n.ts";
import type { Action, Param, Tables } from "../tables.ts";

export interface Entry {
  readonly kind: "action" | "param" | "error";
  /** What is shown first. */
  readonly name: string;
  readonly text: Text;
  /** The action to open; absent for a code that every action has. */
  readonly action: string | undefined;
  /** The path of the parameter, or the code. */
  readonly target: string;
  readonly searched: string;
}

export function entriesOf(tables: Tables): readonly Entry[] {
  const actions = tables.actions.map((action): Entry =>
    entry("action", action.name, action.title, action.name, action.name, action.doc),
  );
  const params = tables.actions.flatMap((action) => paramsOf(action, action.params, ""));
  const errors = tables.errors.map((row): Entry => {
    const raiser = row.common ? undefined : tables.actions.find((action) => action.errors.includes(row.code))?.name;
    return entry("error", row.code, row.message, raiser, row.code);
  });
  return [...actions, ...params, ...errors];
}

function entry(
  kind: Entry["kind"],
  name: string,
  text: Text,
  action: string | undefined,
  target: string,
  more?: Text,
): Entry {
  const searched = [name, text.zh, text.en, more?.zh ?? "", more?.en ?? ""].join("\n").toLowerCase();
  return { kind, name, text, action, target, searched };
}

function paramsOf(action: Action, params: readonly Param[], prefix: string): Entry[] {
  return params.flatMap((param) => {
    const path = prefix + param.name;
    const allowed = (param.one_of ?? []).join(" ");
    const inner = paramsOf(action, param.members ?? param.item?.members ?? [], `${path}.`);
    const own = entry("param", `${action.name} · ${path}`, param.doc, action.name, path, { zh: allowed, en: allowed });
    return [own, ...inner];
  });
}

const SHOWN_MAX = 40;

/** The entries that hold every word, the best first: names that begin with the text, names that hold it, then texts. */
export function search(entries: readonly Entry[], text: string): readonly Entry[] {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  if (words.length === 0) return entries.filter((one) => one.kind === "action");
  const whole = words.join(" ");
  const hits = entries.filter((one) => words.every((word) => one.searched.includes(word)));
  const kinds = { action: 0, param: 1, error: 2 };
  const rank = (one: Entry): number => {
    const name = one.target.toLowerCase();
    const place = name.startsWith(whole) ? 0 : name.includes(whole) ? 1 : 2;
    return place * 3 + kinds[one.kind];
  };
  return hits
    .map((one, index) => ({ one, key: rank(one), index }))
    .sort((a, b) => a.key - b.key || a.index - b.index)
    .slice(0, SHOWN_MAX)
    .map(({ one }) => one);
}
