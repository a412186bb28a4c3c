// Values from a person's own runs, by the native API: names to choose from, and the latest run to fill the form with.

import { get } from "../../shared/api.ts";
import { Store } from "../../shared/store.ts";
import { formatTime } from "../../shared/time.ts";
import { nativeHeaders } from "../credentials.ts";
import type { Action } from "../tables.ts";
import type { Values } from "./values.ts";

interface RunRow {
  readonly FunctionName: string;
  readonly Namespace: string;
  readonly Qualifier: string;
  readonly RequestId: string;
  readonly StartTime: number;
}

/** What there is to choose from, by parameter name. */
export type Suggestions = Readonly<Record<string, readonly string[]>>;

export const suggestions = new Store<Suggestions>({});

const LATEST = 50;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** The latest runs of a region, the newest first. */
async function latestRuns(region: string): Promise<readonly RunRow[]> {
  const query = {
    region,
    limit: LATEST,
    sort: "start_time:desc",
    fields: "FunctionName,Namespace,Qualifier,RequestId,StartTime",
  };
  const answer = await get<{ readonly runs: readonly RunRow[] }>("/api/v1/runs", { query, headers: nativeHeaders() });
  return answer.runs;
}

/** Values for the action from the latest run, or `undefined` when there is none. Fills [`suggestions`], too. */
export async function fromLatestRun(
  action: Action,
  region: string,
  zone: string,
  nowMs: number,
): Promise<Values | undefined> {
  const runs = await latestRuns(region);
  const distinct = (pick: (run: RunRow) => string): string[] =>
    [...new Set(runs.map(pick))].filter((text) => text !== "");
  suggestions.set({
    FunctionName: distinct((run) => run.FunctionName),
    Namespace: distinct((run) => run.Namespace),
    Qualifier: distinct((run) => run.Qualifier),
    FunctionRequestId: distinct((run) => run.RequestId),
  });
  const [run] = runs;
  if (run === undefined) return undefined;
  const names = new Set(action.params.map((param) => param.name));
  const window = fits(run, zone, nowMs);
  const known: Record<string, string> = {
    FunctionName: run.FunctionName,
    Namespace: run.Namespace === "default" ? "" : run.Namespace,
    FunctionRequestId: action.params.some((param) => param.name === "FunctionRequestId" && param.required)
      ? run.RequestId
      : "",
    ...window,
  };
  return Object.fromEntries(Object.entries(known).filter(([name, value]) => names.has(name) && value !== ""));
}

/** Today, or the day that ends with the run when it is older. */
function fits(run: RunRow, zone: string, nowMs: number): Values {
  const today = windowOf("today", zone, nowMs);
  const start = formatTime(run.StartTime, zone);
  if (start >= (today.StartTime ?? "")) return today;
  const day = formatTime(run.StartTime, zone, { part: "date" });
  return { StartTime: `${day} 00:00:00`, EndTime: `${day} 23:59:59` };
}

export type Preset = "today" | "yesterday" | "hour" | "day";

/** A window in the server's zone, by the clock of this machine. */
export function windowOf(preset: Preset, zone: string, nowMs: number): Values {
  if (preset === "hour")
    return { StartTime: formatTime(nowMs - 60 * MINUTE_MS, zone), EndTime: formatTime(nowMs, zone) };
  if (preset === "day") return { StartTime: formatTime(nowMs - DAY_MS, zone), EndTime: formatTime(nowMs, zone) };
  const date = formatTime(preset === "today" ? nowMs : nowMs - DAY_MS, zone, { part: "date" });
  return { StartTime: `${date} 00:00:00`, EndTime: `${date} 23:59:59` };
}
