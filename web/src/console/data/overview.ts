// The health of every function in a window: one call where the server has it, else one per function.

import { get, type Query } from "../../shared/api.ts";
import {
  loadFunctions,
  loadRuns,
  withFallback,
  type Basis,
  type Bucket,
  type KnownFunction,
  type Percentiles,
  type Run,
} from "./api.ts";

export const STRIP_BUCKETS = 24;

export type LastRun = Pick<
  Run,
  "RequestId" | "StartTime" | "Duration" | "RetCode" | "RetMsg" | "Qualifier" | "RetryNum" | "MemUsage"
>;

export interface FunctionHealth extends KnownFunction {
  /** In the window. */
  readonly runs: number;
  readonly running: number;
  readonly percentiles?: Percentiles;
  readonly mem_max_bytes?: number;
  readonly buckets: readonly Bucket[];
  readonly last?: LastRun;
  readonly last_ok_ms?: number;
}

export interface Overview extends Basis {
  readonly total: number;
  readonly start_ms: number;
  readonly width_ms: number;
  readonly functions: readonly FunctionHealth[];
  /** Functions that are not listed, where there are very many. */
  readonly rest_functions?: number;
}

export function loadOverview(query: Query, signal: AbortSignal): Promise<Overview> {
  const ask = { ...query, buckets: STRIP_BUCKETS };
  return withFallback(
    "overview",
    () => get<Overview>("/api/v1/overview", { query: ask, signal }),
    () => gather(query, signal),
  );
}

/** Calls that are on their way at a time: a browser has six connections to a host. */
const AT_A_TIME = 4;

async function gather(query: Query, signal: AbortSignal): Promise<Overview> {
  const known = await loadFunctions(signal);
  const wanted = known.functions.filter(
    ({ namespace }) => query.namespace === undefined || namespace === query.namespace,
  );
  const found: FunctionHealth[] = new Array<FunctionHealth>(wanted.length);
  let strip = { start_ms: 0, width_ms: 1 };
  let total = 0;
  let next = 0;
  const work = async (): Promise<void> => {
    for (let at = next++; at < wanted.length; at = next++) {
      const one = wanted[at] as KnownFunction;
      const of = {
        function: one.function,
        namespace: one.namespace,
        region: one.region === "" ? undefined : one.region,
      };
      const answer = await loadRuns(
        { ...query, ...of, limit: 1, histogram: STRIP_BUCKETS, facets: "state", percentiles: true },
        signal,
      );
      const running = answer.facets?.[0]?.values.find(({ state }) => state === "running")?.runs ?? 0;
      const ok = await loadRuns(
        { ...of, result: "ok", limit: 1, ...(query.as_of === undefined ? {} : { as_of: query.as_of }) },
        signal,
      );
      const { histogram, percentiles, runs } = answer;
      if (histogram !== undefined) strip = histogram;
      total += answer.total;
      found[at] = {
        ...one,
        runs: answer.total,
        running,
        buckets: histogram?.buckets ?? [],
        ...(percentiles === undefined ? {} : { percentiles }),
        ...(percentiles?.mem_bytes === undefined ? {} : { mem_max_bytes: percentiles.mem_bytes.p99 }),
        ...(runs[0] === undefined ? {} : { last: runs[0] }),
        ...(ok.runs[0] === undefined ? {} : { last_ok_ms: ok.runs[0].StartTime }),
      };
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  const { window, watermark, cost } = known;
  return { total, start_ms: strip.start_ms, width_ms: strip.width_ms, functions: found, window, watermark, cost };
}

export type Health = "failed" | "late" | "ok" | "running" | "quiet";

/** A function is late when it has been silent for far longer than it usually is. */
const LATE_FACTOR = 4;
const LATE_RUNS_MIN = 6;

/** The state of a function: that of its last run, unless it should have run since. */
export function healthOf(one: FunctionHealth, window_ms: number, now_ms: number): Health {
  if (one.last !== undefined && one.last.RetCode !== 0 && one.last.RetCode !== 2) return "failed";
  const usual_ms = window_ms / Math.max(1, one.runs);
  if (one.runs >= LATE_RUNS_MIN && now_ms - one.last_start_ms > LATE_FACTOR * usual_ms) return "late";
  if (one.last?.RetCode === 2) return "running";
  return one.last === undefined ? "quiet" : "ok";
}

const RANKS: Readonly<Record<Health, number>> = { failed: 0, late: 1, running: 2, ok: 3, quiet: 4 };

export const SORTS = ["state", "name", "runs", "errors", "p95", "memory", "last"] as const;
export type SortBy = (typeof SORTS)[number];

/** Rows in an order; equal ones by name, so that the order is total. */
export function sorted(
  rows: readonly FunctionHealth[],
  by: SortBy,
  isReversed: boolean,
  health: (one: FunctionHealth) => Health,
): FunctionHealth[] {
  const value = (one: FunctionHealth): number => {
    switch (by) {
      case "state":
        return RANKS[health(one)];
      case "runs":
        return -one.runs;
      case "errors":
        return -(one.percentiles?.error_rate ?? -1);
      case "p95":
        return -(one.percentiles?.duration_ms?.p95 ?? -1);
      case "memory":
        return -(one.mem_max_bytes ?? -1);
      case "last":
        return -one.last_start_ms;
      case "name":
        return 0;
    }
  };
  const name = (one: FunctionHealth): string => `${one.function}\0${one.namespace}\0${one.region}`;
  const compare = (a: FunctionHealth, b: FunctionHealth): number =>
    value(a) - value(b) || (name(a) < name(b) ? -1 : name(a) > name(b) ? 1 : 0);
  return [...rows].sort((a, b) => (isReversed ? compare(b, a) : compare(a, b)));
}
