// The window of starts that a view shows: relative to now, or two moments. A relative one stays relative in the URL, so
// that Back and Reload mean "the last hour" of then; only a permanent link holds it fast.

import { formatTime } from "../../shared/time.ts";

export type Span =
  /** The last so many: `15m`, `1h30m`, `7d`. */
  | { readonly kind: "since"; readonly since: string }
  /** From (inclusive) to (exclusive), in Unix milliseconds; an absent end is open. */
  | { readonly kind: "fixed"; readonly from_ms: number | undefined; readonly to_ms: number | undefined };

export const DEFAULT_SPAN: Span = { kind: "since", since: "1d" };

/** The relative windows of the picker. */
export const SINCE_CHOICES = ["15m", "1h", "6h", "1d", "7d", "30d"] as const;

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** The length of `1h30m` in milliseconds; `undefined` for what is no span. */
export function spanMs(text: string): number | undefined {
  if (!/^(?:\d+(?:ms|[smhdw]))+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|[smhdw])/g))
    sum += Number(count) * (UNIT_MS[unit as string] as number);
  return sum > 0 && Number.isSafeInteger(sum) ? sum : undefined;
}

/** The window in a URL; what cannot be read is as if it were absent. */
export function spanOf(query: URLSearchParams): Span {
  const since = query.get("since");
  if (since !== null && spanMs(since) !== undefined) return { kind: "since", since };
  const from_ms = moment(query.get("from"));
  const to_ms = moment(query.get("to"));
  if (from_ms === undefined && to_ms === undefined)
    return query.get("window") === "all" ? { kind: "fixed", from_ms, to_ms } : DEFAULT_SPAN;
  return { kind: "fixed", from_ms, to_ms };
}

/** The changes of a URL that put a window into it. */
export function spanChanges(span: Span): Record<string, string | undefined> {
  if (span.kind === "since")
    return { since: span.since === "1d" ? undefined : span.since, from: undefined, to: undefined, window: undefined };
  const isAll = span.from_ms === undefined && span.to_ms === undefined;
  return { since: undefined, from: iso(span.from_ms), to: iso(span.to_ms), window: isAll ? "all" : undefined };
}

/** The window as parameters of the native API. */
export function spanQuery(span: Span): Record<string, string | undefined> {
  if (span.kind === "since") return { since: span.since };
  return { from: iso(span.from_ms), to: iso(span.to_ms) };
}

/** Both ends at a moment. */
export function endsAt(span: Span, now_ms: number): { readonly from_ms: number | undefined; readonly to_ms: number } {
  if (span.kind === "since") return { from_ms: now_ms - (spanMs(span.since) ?? 0), to_ms: now_ms };
  return { from_ms: span.from_ms, to_ms: span.to_ms ?? now_ms };
}

/** The window moved by half of its length: `-1` earlier, `1` later. */
export function moved(span: Span, direction: -1 | 1, now_ms: number): Span {
  const { from_ms, to_ms } = endsAt(span, now_ms);
  if (from_ms === undefined) return span;
  const step = Math.max(2, Math.round((to_ms - from_ms) / 2)) * direction;
  return { kind: "fixed", from_ms: from_ms + step, to_ms: to_ms + step };
}

/** The window around its middle: `2` is twice as long, `0.5` half. */
export function scaled(span: Span, factor: number, now_ms: number): Span {
  const { from_ms, to_ms } = endsAt(span, now_ms);
  if (from_ms === undefined) return span;
  const middle = (from_ms + to_ms) / 2;
  const half = Math.max(500, ((to_ms - from_ms) / 2) * factor);
  return { kind: "fixed", from_ms: Math.floor(middle - half), to_ms: Math.ceil(middle + half) };
}

/** Widths of buckets that people read easily, in milliseconds with the name that the API takes. */
const WIDTHS: readonly (readonly [number, string])[] = [
  [1000, "1s"],
  [5000, "5s"],
  [10_000, "10s"],
  [30_000, "30s"],
  [60_000, "1m"],
  [300_000, "5m"],
  [600_000, "10m"],
  [1_800_000, "30m"],
  [3_600_000, "1h"],
  [10_800_000, "3h"],
  [21_600_000, "6h"],
  [86_400_000, "1d"],
  [604_800_000, "7d"],
];

/** What to ask the histogram for: a round width with at most `most` buckets, or that number where the length is open. */
export function bucketsFor(span: Span, most: number, now_ms: number): string {
  const { from_ms, to_ms } = endsAt(span, now_ms);
  if (from_ms === undefined) return String(most);
  return WIDTHS.find(([width]) => (to_ms - from_ms) / width <= most - 1)?.[1] ?? String(most);
}

function iso(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}

function moment(text: string | null): number | undefined {
  if (text === null || text === "") return undefined;
  const ms = /^-?\d{10,15}$/.test(text) ? Number(text) : Date.parse(text);
  return Number.isFinite(ms) && Math.abs(ms) < 8.64e15 ? ms : undefined;
}

/** A length in words that fit a table: `38 ms`, `1.25 s`, `2 m 03 s`, `3 h 20 m`. */
export function lengthText(ms: number): string {
  if (!Number.isFinite(ms)) return "–";
  if (ms < 1) return `${ms.toFixed(2)} ms`;
  if (ms < 10) return `${trim(ms.toFixed(1))} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${trim((ms / 1000).toFixed(ms < 10_000 ? 2 : 1))} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ${two(seconds % 60)} s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ${two(Math.floor((seconds % 3600) / 60))} m`;
  return `${Math.floor(seconds / 86_400)} d ${two(Math.floor((seconds % 86_400) / 3600))} h`;
}

const trim = (text: string): string => text.replace(/\.?0+$/, "");
const two = (value: number): string => String(value).padStart(2, "0");

/** Memory: `439.9 MB`, `1.2 GB`. Mebibytes, as functions are configured in. */
export function memoryText(bytes: number): string {
  const mb = bytes / 1_048_576;
  if (mb >= 1024) return `${trim((mb / 1024).toFixed(2))} GB`;
  if (mb >= 100) return `${Math.round(mb)} MB`;
  if (mb >= 1) return `${trim(mb.toFixed(1))} MB`;
  return bytes >= 1024 ? `${Math.round(bytes / 1024)} kB` : `${bytes} B`;
}

/** Labels of an axis of time: the date where the day changes, the year where the year does. */
export function tickTexts(moments: readonly number[], zone: string, width_ms: number): string[] {
  let before: string | undefined;
  return moments.map((ms) => {
    const [date = "", time = ""] = formatTime(ms, zone).split(" ");
    const clock = width_ms < 60_000 ? time : time.slice(0, 5);
    const isNewYear = before !== undefined && before.slice(0, 4) !== date.slice(0, 4);
    const isNewDay = before !== date;
    before = date;
    const day = isNewYear ? date : date.slice(5);
    if (width_ms >= 86_400_000) return day;
    return isNewDay ? `${day} ${clock}` : clock;
  });
}
