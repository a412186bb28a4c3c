// The server's own tables, as `/actions.json` gives them. Form, checks, documentation and code all follow from these.

import type { Text } from "../shared/i18n.ts";

export type TypeName = "string" | "integer" | "unsigned" | "float" | "boolean" | "timestamp" | "object" | "array";

/** A type with what belongs to it: the members of an object, the item of an array. */
export interface Shape<Member> {
  readonly type: TypeName;
  /** The name that SDKs give to an object. */
  readonly struct?: string;
  readonly members?: readonly Member[];
  readonly item?: Shape<Member>;
}

export interface Param extends Shape<Param> {
  readonly name: string;
  readonly required: boolean;
  readonly doc: Text;
  readonly source: string;
  /** The code that a bad value gets. */
  readonly invalid: string;
  /** Smallest and largest value; `null` is no limit. */
  readonly range?: readonly [number | null, number | null];
  readonly one_of?: readonly string[];
  readonly any_case?: boolean;
  readonly max_bytes?: number;
  readonly default?: string;
  readonly example?: string;
}

export interface Field extends Shape<Field> {
  readonly name: string;
  readonly nullable: boolean;
  readonly doc: Text;
}

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

export interface Action {
  readonly name: string;
  readonly title: Text;
  readonly doc: Text;
  /** What a policy is about. */
  readonly level: "function" | "account";
  readonly cam: string;
  /** Requests a second of a key; 0 is no limit. */
  readonly rate_limit: number;
  readonly sources: readonly string[];
  readonly sample_request: Json;
  readonly sample_response: Json;
  readonly errors: readonly string[];
  readonly params: readonly Param[];
  readonly response: readonly Field[];
}

export interface ErrorRow {
  readonly code: string;
  readonly message: Text;
  readonly source: "published" | "sdk" | "observed" | "ours";
  /** Whether every action can raise it. */
  readonly common: boolean;
}

export interface Tables {
  readonly product: string;
  readonly version: string;
  readonly default_region: string;
  readonly regions: readonly string[];
  readonly zone: string;
  readonly max_skew_s: number;
  readonly actions: readonly Action[];
  readonly errors: readonly ErrorRow[];
}

/** The action of a name, or the one that the service is about. */
export function findAction(tables: Tables, name: string | null): Action | undefined {
  return (
    tables.actions.find((action) => action.name === name) ??
    tables.actions.find((action) => action.name === "GetFunctionLogs") ??
    tables.actions[0]
  );
}

/** The codes that an action can raise: its own first, then the common ones. */
export function errorsOf(tables: Tables, action: Action): readonly ErrorRow[] {
  const own = new Set(action.errors);
  const rows = tables.errors.filter((row) => own.has(row.code) || row.common);
  return rows.sort((a, b) => Number(own.has(b.code)) - Number(own.has(a.code)));
}

/** The parameter at a dotted path such as `Filters.0.Name`. */
export function paramAt(params: readonly Param[], path: string): Param | undefined {
  let level: readonly Param[] = params;
  let found: Param | undefined;
  for (const step of path.split(".")) {
    if (/^\d+$/.test(step)) continue;
    found = level.find((param) => param.name === step);
    if (found === undefined) return undefined;
    level = found.members ?? found.item?.members ?? [];
  }
  return found;
}
