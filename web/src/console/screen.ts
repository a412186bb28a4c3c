// Which view a URL is. The path is the view, the query its filters and window with the names of the native API, the hash a
// line of an output.

import type { Place } from "../shared/location.ts";

export const REPORTS = ["memory", "cold", "cost", "slow", "compare"] as const;
export type ReportKind = (typeof REPORTS)[number];

export type Screen =
  | { readonly view: "functions" }
  | { readonly view: "runs" }
  | { readonly view: "run"; readonly request_id: string }
  | { readonly view: "compare" }
  | { readonly view: "reports"; readonly kind: ReportKind }
  | { readonly view: "server" }
  | { readonly view: "unknown" };

export function screenOf(place: Place): Screen {
  const [, view = "", name = ""] = place.path.replace(/^\/console\/?/, "/").split("/");
  if (view === "") return { view: "functions" };
  if (view === "runs") return name === "" ? { view: "runs" } : { view: "run", request_id: decoded(name) };
  if (view === "compare" || view === "server") return { view };
  if (view === "reports") {
    const kind = name === "" ? "memory" : REPORTS.find((known) => known === name);
    return kind === undefined ? { view: "unknown" } : { view: "reports", kind };
  }
  return { view: "unknown" };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A URL of the console; absent values are left out. */
export function urlOf(path: string, query: Readonly<Record<string, string | number | undefined>> = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== "") search.set(name, String(value));
  const text = search.toString();
  return `/console${path}${text === "" ? "" : `?${text}`}`;
}

/** The URL of a run: the id alone may be that of several functions' runs. */
export function runUrl(run: RunName, hash = ""): string {
  const query = {
    function: run.FunctionName,
    namespace: run.Namespace,
    region: run.Region,
    attempt: run.RetryNum === 0 ? undefined : run.RetryNum,
  };
  return urlOf(`/runs/${encodeURIComponent(run.RequestId)}`, query) + hash;
}

/** What names one attempt of a run. */
export interface RunName {
  readonly RequestId: string;
  readonly FunctionName: string;
  readonly Namespace: string;
  readonly Region: string;
  readonly RetryNum: number;
}

/** A run as one value of the query: its id, function, namespace, region and attempt. */
export function runWord(run: RunName): string {
  return [run.RequestId, run.FunctionName, run.Namespace, run.Region, String(run.RetryNum)]
    .map(encodeURIComponent)
    .join("/");
}

/** Reads it back; the id alone is enough. */
export function runOf(word: string): RunName | undefined {
  const [RequestId = "", FunctionName = "", Namespace = "", Region = "", retry = "0"] = word.split("/").map(decoded);
  const RetryNum = Number(retry);
  return RequestId === "" || !Number.isInteger(RetryNum)
    ? undefined
    : { RequestId, FunctionName, Namespace, Region, RetryNum };
}

/** The comparison of two runs, the earlier one first. */
export function compareUrl(
  a: RunName & { readonly StartTime: number },
  b: RunName & { readonly StartTime: number },
): string {
  const [first, second] = a.StartTime <= b.StartTime ? [a, b] : [b, a];
  return urlOf("/compare", { a: runWord(first), b: runWord(second) });
}

/** `L120` and `L120-L140`: lines counted from 1. */
export function linesOf(hash: string): { readonly first: number; readonly last: number } | undefined {
  const match = /^L(\d{1,9})(?:-L?(\d{1,9}))?$/.exec(hash);
  if (match === null) return undefined;
  const [a, b] = [Number(match[1]), Number(match[2] ?? match[1])];
  return a < 1 || b < 1 ? undefined : { first: Math.min(a, b), last: Math.max(a, b) };
}

export function linesHash(first: number, last: number): string {
  return first === last ? `#L${first}` : `#L${Math.min(first, last)}-L${Math.max(first, last)}`;
}
