// The Explorer's state is its URL: the cloud's own names (`Product`, `Version`, `Action`, `Region`), the parameters by
// their dotted names, and the page's own in lower case. A secret is never among them.

import { correct, go, place, type Place } from "../shared/location.ts";
import { useStore } from "../shared/store.ts";
import { findAction, type Action, type Tables } from "./tables.ts";
import type { Values } from "./form/values.ts";

export const TABS = ["call", "signature", "doctor", "code", "documentation", "errors", "mock", "limits"] as const;
export type Tab = (typeof TABS)[number];

export const SCHEMES = ["TC3-HMAC-SHA256", "HmacSHA256", "HmacSHA1"] as const;
export type Scheme = (typeof SCHEMES)[number];

export const METHODS = ["POST", "GET"] as const;
export type Method = (typeof METHODS)[number];

export interface State {
  readonly action: Action;
  readonly region: string;
  readonly values: Values;
  readonly tab: Tab;
  readonly scheme: Scheme;
  readonly method: Method;
  readonly requiredOnly: boolean;
  /** The language of the code. */
  readonly code: string;
  /** The error code to look at. */
  readonly error: string;
  /** The RequestId for the doctor. */
  readonly requestId: string;
}

export type Changes = Partial<Omit<State, "action" | "values">> & {
  readonly action?: string;
  readonly values?: Values;
};

const OWN_NAMES = new Set([
  "Product",
  "Version",
  "Action",
  "Region",
  "tab",
  "scheme",
  "method",
  "required",
  "code",
  "error",
  "request_id",
]);

/** Reads the state. Unknown words give the first of their list, as a link from another version may hold them. */
export function readState(tables: Tables, { query }: Pick<Place, "query">): State | undefined {
  const action = findAction(tables, query.get("Action"));
  if (action === undefined) return undefined;
  const roots = new Set(action.params.map((param) => param.name));
  const values: Record<string, string> = {};
  for (const [name, value] of query) {
    if (!OWN_NAMES.has(name) && roots.has(name.split(".")[0] ?? "")) values[name] = value;
  }
  return {
    action,
    region: query.get("Region") ?? tables.default_region,
    values,
    tab: pick(TABS, query.get("tab")),
    scheme: pick(SCHEMES, query.get("scheme")),
    method: pick(METHODS, query.get("method")),
    requiredOnly: query.get("required") === "1",
    code: query.get("code") ?? "",
    error: query.get("error") ?? "",
    requestId: query.get("request_id") ?? "",
  };
}

/** The parameters of a query of the page, in words, to tell one call from another. */
export function parametersOf(query: string): string {
  const pairs = [...new URLSearchParams(query)].filter(([name]) => !OWN_NAMES.has(name));
  return pairs.map(([name, value]) => `${name}=${value}`).join("  ");
}

function pick<T extends string>(known: readonly [T, ...T[]], given: string | null): T {
  return known.find((one) => one === given) ?? known[0];
}

/** The query of a state. Words that say nothing new are left out, so that a link stays short. */
export function writeState(tables: Tables, state: State): string {
  const query = new URLSearchParams({ Product: tables.product, Version: tables.version, Action: state.action.name });
  if (state.region !== tables.default_region) query.set("Region", state.region);
  for (const [name, value] of Object.entries(state.values)) if (value !== "") query.set(name, value);
  if (state.tab !== TABS[0]) query.set("tab", state.tab);
  if (state.scheme !== SCHEMES[0]) query.set("scheme", state.scheme);
  if (state.method !== METHODS[0]) query.set("method", state.method);
  if (state.requiredOnly) query.set("required", "1");
  if (state.code !== "") query.set("code", state.code);
  if (state.error !== "" && state.tab === "errors") query.set("error", state.error);
  if (state.requestId !== "" && state.tab === "doctor") query.set("request_id", state.requestId);
  return query.toString();
}

/** The state after some changes. Another action keeps the values of parameters that it has too. */
export function changed(tables: Tables, state: State, changes: Changes): State {
  const action = changes.action === undefined ? state.action : (findAction(tables, changes.action) ?? state.action);
  const roots = new Set(action.params.map((param) => param.name));
  const values = changes.values ?? state.values;
  const kept = Object.fromEntries(Object.entries(values).filter(([name]) => roots.has(name.split(".")[0] ?? "")));
  return { ...state, ...changes, action, values: kept };
}

export interface Control {
  readonly tables: Tables;
  readonly state: State;
  /** Typing: the present entry of the history is replaced. */
  readonly edit: (changes: Changes) => void;
  /** Another action or tab: Back returns. */
  readonly visit: (changes: Changes) => void;
}

/** The state, and how to change it. */
export function useControl(tables: Tables): Control | undefined {
  const here = useStore(place);
  const state = readState(tables, here);
  if (state === undefined) return undefined;
  const to = (changes: Changes): string => {
    const now = readState(tables, place.get()) ?? state;
    return `${place.get().path}?${writeState(tables, changed(tables, now, changes))}`;
  };
  return {
    tables,
    state,
    edit: (changes) => correct(to(changes)),
    visit: (changes) => go(to(changes)),
  };
}
