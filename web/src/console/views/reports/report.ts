// The reports as the server computes them: the same figures and sentences as `runlog report KIND -o json`.

import { get, type Query } from "../../../shared/api.ts";
import { isMissing, loadStats, type Basis } from "../../data/api.ts";
import type { ReportKind } from "../../screen.ts";

export interface Version {
  readonly region: string;
  readonly namespace: string;
  readonly function: string;
  readonly qualifier: string;
}

export interface Ranks {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export interface VersionRow {
  readonly version: Version;
  readonly runs: number;
  readonly decision?: string;
  // memory
  readonly mem_bytes?: Ranks | null;
  readonly limit_bytes?: number | null;
  readonly set_mb?: number | null;
  readonly killed?: number;
  // cold
  readonly cold?: number;
  readonly share?: number;
  readonly waited_us?: number;
  readonly cold_us?: Ranks | null;
  // cost
  readonly gbs?: number;
  readonly cost?: number;
  readonly failed_gbs?: number;
  readonly saving?: { readonly gbs?: number; readonly cost?: number } | number | null;
  // slow
  readonly duration_us?: Ranks | null;
  readonly ok_us?: Ranks | null;
  readonly ok_before_us?: Ranks | null;
  readonly change?: number | null;
  readonly is_slower?: boolean;
}

export interface SideOf {
  readonly what: string;
  readonly runs: number;
  readonly failed: number;
  readonly ok_us: Ranks | null;
}

export interface Report extends Partial<Basis> {
  readonly decisions: readonly string[];
  readonly decisions_zh?: readonly string[];
  readonly notes: readonly string[];
  readonly versions?: readonly VersionRow[];
  readonly slowest?: readonly {
    readonly version: Version;
    readonly request_id: string;
    readonly start_ms: number;
    readonly duration_us: number;
    readonly ret_code: number;
  }[];
  readonly a?: SideOf;
  readonly b?: SideOf;
  readonly difference?: { readonly change: number | null; readonly p: number | null; readonly error_p: number | null };
  readonly cli?: string;
  /** Figures without decisions, of a server that does not compute reports. */
  readonly isPartial?: boolean;
}

/** The report, or the figures that any server has. */
export async function loadReport(kind: ReportKind, query: Query, signal: AbortSignal): Promise<Report> {
  try {
    return await get<Report>(`/api/v1/reports/${kind}`, { query, signal });
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  const { since, from, to, namespace, as_of } = query;
  const of: Query = Object.fromEntries(
    Object.entries({ since, from, to, namespace, as_of, function: query.function }).filter(
      ([, value]) => value !== undefined,
    ),
  );
  const stats = await loadStats(of, signal);
  const ranks = (quantiles: { p50: number; p95: number; p99: number } | undefined, factor: number): Ranks | null =>
    quantiles === undefined
      ? null
      : {
          p50: quantiles.p50 * factor,
          p95: quantiles.p95 * factor,
          p99: quantiles.p99 * factor,
          max: quantiles.p99 * factor,
        };
  const versions = stats.versions.values.map((value) => ({
    version: {
      region: "",
      namespace: value.namespace ?? "",
      function: value.function ?? "",
      qualifier: value.qualifier ?? "",
    },
    runs: value.percentiles?.finished ?? 0,
    mem_bytes: ranks(value.percentiles?.mem_bytes, 1),
    duration_us: ranks(value.percentiles?.duration_ms, 1000),
  }));
  const { window, watermark, cost } = stats;
  return { decisions: [], notes: [], versions, isPartial: true, window, watermark, cost };
}

/** The command line that prints a report. */
export function commandOf(kind: ReportKind, query: Query): string {
  const flags: Readonly<Record<string, string>> = {
    function: "--function",
    namespace: "--namespace",
    since: "--since",
    from: "--from",
    to: "--to",
    price_gbs: "--price-gbs",
    price_request: "--price-request",
    a: "--a",
    b: "--b",
  };
  const parts = Object.entries(flags).flatMap(([name, flag]) => {
    const value = query[name];
    return value === undefined || value === "" ? [] : [`${flag} ${quoted(String(value))}`];
  });
  return ["runlog report", kind, ...parts].join(" ");
}

const quoted = (text: string): string => (/^[\w.:+=,@%/-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

/** The sentences that ask for something first; those that say "keep" are counted. */
export function sortedDecisions(decisions: readonly string[]): {
  readonly acts: readonly string[];
  readonly idle: number;
} {
  const isIdle = (text: string): boolean => /: keep \d|: nothing to do\b|no cold start among/.test(text);
  const acts = decisions.filter((text) => !isIdle(text));
  return acts.length === 0 && decisions.length === 1
    ? { acts: decisions, idle: 0 }
    : { acts, idle: decisions.length - acts.length };
}
