// The state of a live view: rows that are shown, rows that wait while it is paused, and counts that prove what was missed.

import { useEffect, useRef, useState } from "preact/hooks";

import { ApiError, explain } from "../../../shared/api.ts";
import { session } from "../../../shared/session.ts";
import { loadRuns, ROW_FIELDS, type Run } from "../../data/api.ts";
import { Ring } from "../../data/ring.ts";
import { noticeEnd } from "../../data/shown.ts";
import { Tail, type Gap, type TailState } from "../../data/tail.ts";
import { takeTurns } from "../../data/turns.ts";
import type { Filter } from "../../query/filter.ts";
import { keyOf } from "../runs/row.tsx";

export const ROWS_MAX = 10_000;
const BATCH_MS = 250;
const RATE_MS = 5000;
const FIRST_ROWS = 100;
const POLL_MS = 3000;
const POLL_OPEN_MS = 700;

export interface Followed {
  readonly rows: readonly Run[];
  /** Rows that wait for the view to go on. */
  readonly waiting: number;
  readonly received: number;
  readonly missed: number;
  /** Events in a second. */
  readonly rate: number;
  readonly dropped: number;
  readonly gaps: readonly Gap[];
  readonly state: TailState | "polling";
  readonly problem: string | undefined;
}

const NOTHING: Followed = {
  rows: [],
  waiting: 0,
  received: 0,
  missed: 0,
  rate: 0,
  dropped: 0,
  gaps: [],
  state: "connecting",
  problem: undefined,
};

/** Follows what matches `filter`. While `isHeld`, arrivals wait and no row moves. */
export function useFollow(filter: Filter, isHeld: boolean): Followed {
  const [shown, setShown] = useState<Followed>(NOTHING);
  const held = useRef(isHeld);
  const flush = useRef<() => void>(() => undefined);
  held.current = isHeld;
  useEffect(() => {
    if (!isHeld) flush.current();
  }, [isHeld]);
  const key = JSON.stringify(filter);
  useEffect(() => {
    setShown(NOTHING);
    const abort = new AbortController();
    const ring = new Ring<Run>(ROWS_MAX, keyOf);
    const waiting = new Ring<Run>(ROWS_MAX, keyOf);
    let fresh: Run[] = [];
    let [received, missed, dropped] = [0, 0, 0];
    let gaps: readonly Gap[] = [];
    let state: Followed["state"] = "connecting";
    let problem: string | undefined;
    let times: number[] = [];
    let mayHold = true;
    let isSignedOut = false;
    let tail: Tail | undefined;
    const { request_id: _id, ...query } = filter;

    const paint = (): void => {
      const now_ms = Date.now();
      times = times.filter((ms) => ms > now_ms - RATE_MS);
      if (fresh.length > 0) {
        waiting.add(fresh);
        fresh = [];
      }
      if (!held.current && waiting.rows.length > 0) {
        ring.add([...waiting.rows].reverse());
        dropped = ring.dropped + waiting.dropped;
        waiting.rows = [];
      }
      const rate = (times.length * 1000) / RATE_MS;
      setShown({
        rows: ring.rows,
        waiting: waiting.rows.length,
        received,
        missed,
        rate,
        dropped,
        gaps,
        state,
        problem,
      });
    };
    flush.current = paint;
    const timer = setInterval(() => document.visibilityState !== "hidden" && paint(), BATCH_MS);
    let poll: ReturnType<typeof setInterval> | undefined;
    /** Opens, closes or visits the stream: a hidden tab has none, and one of too many tabs looks in now and then. */
    const arrange = (): void => {
      clearInterval(poll);
      if (tail === undefined) return;
      if (document.visibilityState === "hidden") tail.close();
      else if (mayHold) tail.open();
      else {
        const visit = (): void => {
          tail?.open();
          setTimeout(() => !mayHold && tail?.close(), POLL_OPEN_MS);
        };
        tail.close();
        visit();
        poll = setInterval(visit, POLL_MS);
      }
    };
    const leave = takeTurns((next) => {
      mayHold = next;
      arrange();
    });
    const begin = async (): Promise<void> => {
      // What is there already, and then everything after it: no gap, nothing twice.
      const first = await loadRuns({ ...query, limit: FIRST_ROWS }, abort.signal);
      ring.add([...first.runs].reverse());
      tail = new Tail({ ...query, fields: ROW_FIELDS }, first.watermark.seq, {
        onRun: (run) => {
          received += 1;
          times.push(Date.now());
          fresh.push(run);
        },
        onGap: (gap) => {
          gaps = [...gaps, gap].slice(-20);
        },
        onMissed: () => {
          missed += 1;
        },
        onState: (next, error) => {
          state = mayHold || next === "ended" ? next : "polling";
          if (error === undefined) return;
          problem = explain(error);
          isSignedOut = error instanceof ApiError && error.isSignedOut;
          noticeEnd(error);
        },
      });
      paint();
      arrange();
    };
    begin().catch((error: unknown) => {
      if (abort.signal.aborted) return;
      noticeEnd(error);
      state = "ended";
      problem = explain(error);
      paint();
    });
    document.addEventListener("visibilitychange", arrange);
    // Signed in again: the tail goes on after the last run that arrived.
    const forget = session.subscribe(() => {
      if (!isSignedOut || !session.get()) return;
      isSignedOut = false;
      problem = undefined;
      arrange();
    });
    return () => {
      abort.abort();
      tail?.close();
      leave();
      forget();
      clearInterval(timer);
      clearInterval(poll);
      document.removeEventListener("visibilitychange", arrange);
    };
  }, [key]);
  return shown;
}
