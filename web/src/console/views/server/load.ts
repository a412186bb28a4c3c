// The state of the server: its health and metrics, what is stored, and who may do what.

import { ApiError, get } from "../../../shared/api.ts";
import { isMissing, loadRuns, type Basis } from "../../data/api.ts";

export interface Ready {
  readonly ready: boolean;
  readonly writes_refused_because: string | null;
  readonly set_aside: readonly unknown[];
}

export interface StoredDay {
  readonly day: string;
  readonly namespace?: string;
  readonly runs: number;
  readonly failed?: number;
  readonly bytes?: number;
}

export interface KeyRow {
  readonly key: string;
  readonly account: string;
  readonly root: boolean;
  readonly note?: string;
  readonly policies?: readonly { readonly statement?: readonly Statement[] }[];
  readonly tokens?: readonly {
    readonly id: string;
    readonly note?: string;
    readonly read_only?: boolean;
    readonly expires_ms?: number;
  }[];
}

export interface Statement {
  readonly effect: string;
  readonly action: string | readonly string[];
  readonly resource: string | readonly string[];
}

export interface ServerState extends Partial<Basis> {
  readonly ready: Ready;
  /** By name with its labels, as in the OpenMetrics text. */
  readonly metrics: ReadonlyMap<string, number> | undefined;
  readonly days: readonly StoredDay[];
  readonly keys: readonly KeyRow[] | undefined;
}

/** The samples of an OpenMetrics text. */
export function parseMetrics(text: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const line of text.split("\n")) {
    const match = /^([a-z_][\w:]*(?:\{[^}]*\})?) (\S+)$/i.exec(line);
    if (match !== null) found.set(match[1] as string, Number(match[2]));
  }
  return found;
}

export async function loadMetrics(signal: AbortSignal): Promise<Map<string, number> | undefined> {
  const response = await fetch("/metrics", { credentials: "same-origin", signal });
  return response.ok ? parseMetrics(await response.text()) : undefined;
}

export async function loadServer(signal: AbortSignal): Promise<ServerState> {
  const [ready, metrics, stored, keys] = await Promise.all([
    loadReady(signal),
    loadMetrics(signal),
    loadDays(signal),
    loadKeys(signal),
  ]);
  return { ready, metrics, keys, ...stored };
}

async function loadReady(signal: AbortSignal): Promise<Ready> {
  // 503 has the same body: it says what does not work.
  const response = await fetch("/readyz", { signal });
  return (await response.json()) as Ready;
}

async function loadKeys(signal: AbortSignal): Promise<readonly KeyRow[] | undefined> {
  try {
    return (await get<{ keys: readonly KeyRow[] }>("/api/v1/keys", { signal })).keys;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

const DAY_MS = 86_400_000;
const DAYS_MAX = 90;

async function loadDays(signal: AbortSignal): Promise<Partial<Basis> & { readonly days: readonly StoredDay[] }> {
  try {
    const stored = await get<Basis & { readonly days: readonly StoredDay[] }>("/api/v1/storage", { signal });
    return { ...stored, days: [...stored.days].sort((a, b) => (a.day < b.day ? 1 : a.day > b.day ? -1 : 0)) };
  } catch (error) {
    // A key that may not see the files may still see its runs.
    const isForbidden = error instanceof ApiError && error.status === 403;
    if (!isForbidden && !isMissing(error)) throw error;
  }
  const from_ms = Math.floor(Date.now() / DAY_MS) * DAY_MS - (DAYS_MAX - 1) * DAY_MS;
  const answer = await loadRuns({ from: new Date(from_ms).toISOString(), limit: 0, histogram: "1d" }, signal);
  const { start_ms, width_ms, buckets } = answer.histogram ?? { start_ms: 0, width_ms: 1, buckets: [] };
  const days = buckets
    .map(({ ok, failed, running }, at) => ({
      day: new Date(start_ms + at * width_ms).toISOString().slice(0, 10),
      runs: ok + failed + running,
      failed,
    }))
    .filter(({ runs }) => runs > 0)
    .reverse();
  const { window, watermark, cost } = answer;
  return { window, watermark, cost, days };
}
