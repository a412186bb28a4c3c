// The routes of the native API that the console reads, with the shapes of their answers.

import { address, ApiError, get, type Query } from "../../shared/api.ts";

export interface Run {
  readonly Seq: number;
  readonly Region: string;
  readonly Namespace: string;
  readonly FunctionName: string;
  readonly Qualifier: string;
  readonly RequestId: string;
  readonly RetryNum: number;
  /** Unix milliseconds. */
  readonly StartTime: number;
  /** Milliseconds. */
  readonly Duration: number;
  readonly BillDuration: number;
  /** Bytes. */
  readonly MemUsage: number;
  /** 0 ok, 2 running, 3 interrupted, anything else failed. */
  readonly RetCode: number;
  readonly InvokeFinished: number;
  readonly ExitCode?: number;
  readonly RetMsg: string;
  readonly Level: string;
  readonly Source: string;
  readonly Log?: string;
  /** Absent from a server that does not count them. */
  readonly LogBytes?: number;
}

/** Everything but the output: a list never loads one. */
export const ROW_FIELDS =
  "Seq,Region,Namespace,FunctionName,Qualifier,RequestId,RetryNum,StartTime,Duration,BillDuration,MemUsage,RetCode,InvokeFinished,ExitCode,RetMsg,Level,Source";

export interface Basis {
  readonly window: { readonly from_ms?: number; readonly to_ms?: number };
  readonly as_of?: number;
  readonly watermark: { readonly seq: number; readonly retained_from_ms?: number; readonly set_aside_files: number };
  readonly cost: {
    readonly rows_read: number;
    readonly blocks_read: number;
    readonly bytes_read: number;
    readonly elapsed_us: number;
  };
}

export interface Quantiles {
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
}

export interface Percentiles {
  readonly finished: number;
  readonly failed: number;
  /** 0 to 1. */
  readonly error_rate: number;
  readonly duration_ms?: Quantiles;
  readonly mem_bytes?: Quantiles;
}

export interface Bucket {
  readonly ok: number;
  readonly failed: number;
  readonly running: number;
  readonly duration_ms?: Quantiles;
  readonly mem_bytes?: Quantiles;
}

export interface Histogram {
  readonly start_ms: number;
  readonly width_ms: number;
  readonly buckets: readonly Bucket[];
}

export interface FacetValue {
  readonly namespace?: string;
  readonly function?: string;
  readonly qualifier?: string;
  readonly state?: "ok" | "failed" | "running";
  readonly ret_code?: number;
  readonly runs: number;
  readonly percentiles?: Percentiles;
}

export interface Facet {
  readonly by: string;
  readonly values: readonly FacetValue[];
  readonly rest_values: number;
  readonly rest_runs: number;
}

export interface Runs extends Basis {
  readonly runs: readonly Run[];
  readonly total: number;
  readonly next?: string;
  readonly histogram?: Histogram;
  readonly facets?: readonly Facet[];
  readonly percentiles?: Percentiles;
}

export interface OneRun extends Basis {
  readonly runs: readonly Run[];
  readonly total: number;
  readonly previous?: Run;
  readonly next?: Run;
}

export interface Stats extends Basis {
  readonly total: number;
  readonly all: Percentiles;
  readonly versions: Facet;
}

export interface KnownFunction {
  readonly region: string;
  readonly namespace: string;
  readonly function: string;
  readonly qualifiers: readonly string[];
  readonly first_start_ms: number;
  readonly last_start_ms: number;
}

/** What a server too old for a route answers, so that a view can do without. */
export function isMissing(error: unknown): boolean {
  return (
    error instanceof ApiError && (error.status === 404 || error.status === 405 || error.code === "UnknownParameter")
  );
}

/** Routes and parameters that this server does not have; asked for once. */
const missing = new Set<string>();

/** `load`, or `instead` where the server lacks what `name` needs. */
export async function withFallback<T>(name: string, load: () => Promise<T>, instead: () => Promise<T>): Promise<T> {
  if (missing.has(name)) return instead();
  try {
    return await load();
  } catch (error) {
    if (!isMissing(error)) throw error;
    missing.add(name);
    return instead();
  }
}

/** A page of runs with everything that is counted beside it: one answer, so that its numbers agree. */
export function loadRuns(query: Query, signal: AbortSignal): Promise<Runs> {
  const load = (more: Query): Promise<Runs> =>
    get<Runs>("/api/v1/runs", { query: { fields: ROW_FIELDS, ...query, ...more }, signal });
  if (query.histogram === undefined) return load({});
  return withFallback(
    "bucket_percentiles",
    () => load({ bucket_percentiles: true }),
    () => load({}),
  );
}

export interface RunKey {
  readonly request_id: string;
  readonly function?: string | undefined;
  readonly namespace?: string | undefined;
  readonly region?: string | undefined;
}

/** Every attempt of a run, without its output. */
export function loadRun(key: RunKey, signal: AbortSignal, fields: string = ROW_FIELDS): Promise<OneRun> {
  const { request_id, ...query } = key;
  return get<OneRun>(`/api/v1/runs/${encodeURIComponent(request_id)}`, { query: { ...query, fields }, signal });
}

export function loadFunctions(
  signal: AbortSignal,
): Promise<Basis & { readonly functions: readonly KnownFunction[]; readonly total: number }> {
  return get("/api/v1/functions", { signal });
}

export function loadStats(query: Query, signal: AbortSignal): Promise<Stats> {
  return get("/api/v1/stats", { query, signal });
}

/** Where the stored bytes of a run's output are. */
export function logAddress(run: Run, isDownload: boolean): string {
  return address(`/api/v1/runs/${encodeURIComponent(run.RequestId)}/log`, {
    function: run.FunctionName,
    namespace: run.Namespace,
    region: run.Region === "" ? undefined : run.Region,
    attempt: run.RetryNum,
    ...(isDownload ? { download: true } : {}),
  });
}

export interface LogPart {
  readonly text: string;
  /** Bytes of the whole output, where they are known. */
  readonly total_bytes: number | undefined;
  /** Whether `text` is all of it. */
  readonly isWhole: boolean;
}

/**
 * The output of a run: all of it, or with `range` (`bytes=0-65535`, `bytes=-65536`) a part where the server can give one.
 */
export async function loadLog(run: Run, signal: AbortSignal, range?: string): Promise<LogPart> {
  return withFallback(
    "log",
    async () => {
      const response = await fetch(logAddress(run, false), {
        credentials: "same-origin",
        signal,
        headers: range === undefined ? {} : { Range: range },
      });
      if (response.status === 416)
        return {
          text: "",
          total_bytes: Number(/\/(\d+)$/.exec(response.headers.get("Content-Range") ?? "")?.[1] ?? 0),
          isWhole: false,
        };
      const text = await response.text();
      if (!response.ok) throw refusal(response.status, text);
      const total = /\/(\d+)$/.exec(response.headers.get("Content-Range") ?? "")?.[1];
      return { text, total_bytes: total === undefined ? undefined : Number(total), isWhole: response.status === 200 };
    },
    async () => {
      const key = {
        request_id: run.RequestId,
        function: run.FunctionName,
        namespace: run.Namespace,
        region: run.Region === "" ? undefined : run.Region,
      };
      const { runs } = await loadRun(key, signal, "RetryNum,Log");
      const found = runs.find(({ RetryNum }) => RetryNum === run.RetryNum);
      return { text: found?.Log ?? "", total_bytes: undefined, isWhole: true };
    },
  );
}

function refusal(status: number, text: string): ApiError {
  try {
    const { code, message } = JSON.parse(text) as { code: string; message: string };
    return new ApiError(status, code, message);
  } catch {
    return new ApiError(status, "NotJson", text.slice(0, 200));
  }
}

export type State = "ok" | "failed" | "running";

export function stateOf(run: Pick<Run, "RetCode">): State {
  return run.RetCode === 0 ? "ok" : run.RetCode === 2 ? "running" : "failed";
}
