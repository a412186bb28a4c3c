// What the view of runs asks: rows, total, histogram and facets in one answer, and runs in flight in front of them.

import { useEffect, useRef, useState } from "preact/hooks";

import { ApiError, isAbort, type Query } from "../../../shared/api.ts";
import { loadRuns, stateOf, type Run, type Runs } from "../../data/api.ts";
import { noticeEnd } from "../../data/shown.ts";
import { filterOf, type Filter } from "../../query/filter.ts";
import { bucketsFor, spanOf, spanQuery } from "../../query/span.ts";
import { FACETS_ASKED } from "./facets.tsx";

export const FIRST_PAGE_ROWS = 200;
const PAGE_ROWS = 1000;
const IN_FLIGHT_MAX = 100;
const BUCKETS_MAX = 96;
const FACET_VALUES = 8;

/** The filters and the window of a URL, as the native API takes them. */
export function askOf(query: URLSearchParams): Query {
  const filter: Filter = filterOf(query);
  const as_of = query.get("as_of") ?? undefined;
  return {
    ...filter,
    ...spanQuery(spanOf(query)),
    ...(as_of === undefined ? {} : { as_of }),
    sort: query.get("sort") ?? undefined,
  };
}

export interface FirstPage extends Runs {
  /** Runs in flight, which are drawn on top; the rows have none of them. */
  readonly inFlight: readonly Run[];
}

export async function loadFirst(query: URLSearchParams, signal: AbortSignal): Promise<FirstPage> {
  const ask = askOf(query);
  const histogram = bucketsFor(spanOf(query), BUCKETS_MAX, Date.now());
  const load = (buckets: string): Promise<Runs> =>
    loadRuns(
      {
        ...ask,
        limit: FIRST_PAGE_ROWS,
        histogram: buckets,
        facets: FACETS_ASKED,
        top: FACET_VALUES,
        percentiles: true,
      },
      signal,
    );
  const first = await load(histogram).catch((error: unknown) => {
    // Runs whose clock is far ahead make a window so long that round buckets are too many.
    if (error instanceof ApiError && error.status === 400 && !/^\d+$/.test(histogram)) return load(String(BUCKETS_MAX));
    throw error;
  });
  const running =
    first.facets?.find(({ by }) => by === "state")?.values.find(({ state }) => state === "running")?.runs ?? 0;
  if (running === 0 || ask.result !== undefined) return { ...first, inFlight: [] };
  const flights = await loadRuns({ ...ask, result: "running", limit: IN_FLIGHT_MAX }, signal);
  // All of them are on top, or all stay in their place: never both.
  if (flights.total > flights.runs.length) return { ...first, inFlight: [] };
  return { ...first, inFlight: flights.runs, runs: finished(first.runs) };
}

const finished = (runs: readonly Run[]): Run[] => runs.filter((run) => stateOf(run) !== "running");

export interface More {
  readonly runs: readonly Run[];
  readonly error: unknown;
  readonly isLoading: boolean;
  readonly load: () => void;
}

/** The pages after the first, each loaded when the list nears its end. */
export function useMore(key: string, first: FirstPage | undefined, query: URLSearchParams): More {
  const [state, setState] = useState<{
    of: FirstPage | undefined;
    runs: readonly Run[];
    next: string | undefined;
    error: unknown;
  }>({ of: undefined, runs: [], next: undefined, error: undefined });
  const open = useRef<AbortController | undefined>(undefined);
  useEffect(() => {
    open.current?.abort();
    open.current = undefined;
    setState({ of: first, runs: [], next: first?.next, error: undefined });
    return () => open.current?.abort();
  }, [key, first]);
  const load = (): void => {
    if (
      open.current !== undefined ||
      first === undefined ||
      state.of !== first ||
      state.next === undefined ||
      state.error !== undefined
    )
      return;
    const abort = new AbortController();
    open.current = abort;
    const { since: _since, from: _from, to: _to, as_of: _as_of, ...ask } = askOf(query);
    loadRuns({ ...ask, cursor: state.next, limit: PAGE_ROWS }, abort.signal).then(
      (page) => {
        open.current = undefined;
        const rows = first.inFlight.length > 0 ? finished(page.runs) : page.runs;
        setState((before) =>
          before.of === first
            ? { of: first, runs: [...before.runs, ...rows], next: page.next, error: undefined }
            : before,
        );
      },
      (error: unknown) => {
        open.current = undefined;
        if (isAbort(error)) return;
        noticeEnd(error);
        setState((before) => ({ ...before, error }));
      },
    );
  };
  const isCurrent = state.of === first;
  return {
    runs: isCurrent ? state.runs : [],
    error: isCurrent ? state.error : undefined,
    isLoading: open.current !== undefined,
    load,
  };
}
