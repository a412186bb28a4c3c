// A JSON value as a literal of languages whose objects look alike.

import type { Json } from "../tables.ts";
import { indent } from "./call.ts";

export interface Style {
  readonly open: string;
  readonly close: string;
  readonly listOpen: string;
  readonly listClose: string;
  readonly text: (text: string) => string;
  readonly key: (name: string) => string;
  readonly words: { readonly null: string; readonly true: string; readonly false: string };
  readonly step: string;
}

export function literal(value: Json, style: Style): string {
  if (value === null) return style.words.null;
  if (typeof value === "boolean") return value ? style.words.true : style.words.false;
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return style.text(value);
  if (Array.isArray(value)) {
    return block(
      value.map((entry: Json) => literal(entry, style)),
      style.listOpen,
      style.listClose,
      style.step,
    );
  }
  const entries = Object.entries(value as { readonly [name: string]: Json });
  return block(
    entries.map(([name, inner]) => style.key(name) + literal(inner, style)),
    style.open,
    style.close,
    style.step,
  );
}

/** Entries on lines of their own, with a comma after each. */
export function block(entries: readonly string[], open: string, close: string, step: string): string {
  if (entries.length === 0) return open + close;
  return `${open}\n${entries.map((entry) => `${step}${indent(entry, step)},`).join("\n")}\n${close}`;
}
