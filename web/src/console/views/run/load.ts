// A run and its output, kept current while it is in flight: what it has printed is loaded once, then only what is new.

import { useEffect, useState } from "preact/hooks";

import { useLoaded } from "../../../shared/loading.ts";
import {
  loadLog,
  loadRun,
  loadRuns,
  stateOf,
  type OneRun,
  type Percentiles,
  type Run,
  type RunKey,
} from "../../data/api.ts";
import { noticeEnd, useAnswer } from "../../data/shown.ts";

export interface Whole extends OneRun {
  readonly text: string;
  /** The attempt that is shown. */
  readonly run: Run;
}

const POLL_MS = 1000;
const DAY_MS = 86_400_000;

export function useRun(
  key: RunKey,
  attempt: number | undefined,
): ReturnType<typeof useAnswer<Whole>> & { readonly live: Whole | undefined } {
  const loaded = useAnswer<Whole>(JSON.stringify([key, attempt]), (signal) =>
    loadWhole(key, attempt, undefined, signal),
  );
  const [live, setLive] = useState<Whole>();
  const { data } = loaded;
  useEffect(() => {
    setLive(undefined);
    if (data === undefined || stateOf(data.run) !== "running") return undefined;
    const abort = new AbortController();
    let last = data;
    let timer = setTimeout(follow, POLL_MS);
    async function follow(): Promise<void> {
      try {
        // A hidden tab asks nothing; it is current again when it is seen.
        if (document.visibilityState !== "hidden") {
          last = await loadWhole(key, attempt, last, abort.signal);
          setLive(last);
        }
      } catch (error) {
        if (abort.signal.aborted) return;
        noticeEnd(error);
      }
      if (!abort.signal.aborted && stateOf(last.run) === "running") timer = setTimeout(follow, POLL_MS);
    }
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [data]);
  return { ...loaded, live };
}

async function loadWhole(
  key: RunKey,
  attempt: number | undefined,
  before: Whole | undefined,
  signal: AbortSignal,
): Promise<Whole> {
  const one = await loadRun(key, signal);
  const run = one.runs.find(({ RetryNum }) => RetryNum === attempt) ?? one.runs.at(-1);
  if (run === undefined) throw new Error("the answer has no run");
  if (before !== undefined && before.run.Seq === run.Seq) return { ...one, run, text: before.text };
  const grown = before === undefined ? undefined : await grow(run, before.text, signal);
  return { ...one, run, text: grown ?? (await loadLog(run, signal)).text };
}

/** The output so far with what is new, where the server can give a part of it. */
async function grow(run: Run, before: string, signal: AbortSignal): Promise<string | undefined> {
  const bytes = new TextEncoder().encode(before).length;
  const part = await loadLog(run, signal, `bytes=${bytes}-`);
  if (part.isWhole) return part.text;
  // A report that replaced the output, instead of adding to it, is shorter or the same.
  if (part.total_bytes === undefined || part.total_bytes < bytes) return undefined;
  return before + part.text;
}

/** What is usual for the function: its runs in the week before. */
export function useUsual(run: Run | undefined): Percentiles | undefined {
  const key = run === undefined ? undefined : `${run.Region}/${run.Namespace}/${run.FunctionName}/${run.RequestId}`;
  const loaded = useLoaded(key, async (signal) => {
    if (run === undefined) return undefined;
    const from = new Date(run.StartTime - 7 * DAY_MS).toISOString();
    const to = new Date(run.StartTime + DAY_MS).toISOString();
    const { percentiles } = await loadRuns({ ...of(run), from, to, limit: 0, percentiles: true }, signal);
    return percentiles;
  });
  return loaded.data;
}

/** The last success of the function before a run. */
export function useLastSuccess(run: Run | undefined): Run | null | undefined {
  const key = run === undefined ? undefined : `${run.Region}/${run.Namespace}/${run.FunctionName}/${run.RequestId}`;
  const loaded = useLoaded(key, async (signal) => {
    if (run === undefined) return null;
    const { runs } = await loadRuns(
      { ...of(run), to: new Date(run.StartTime).toISOString(), result: "ok", limit: 1 },
      signal,
    );
    return runs[0] ?? null;
  });
  return loaded.data;
}

const of = (run: Run): { function: string; namespace: string; region: string | undefined } => ({
  function: run.FunctionName,
  namespace: run.Namespace,
  region: run.Region === "" ? undefined : run.Region,
});
