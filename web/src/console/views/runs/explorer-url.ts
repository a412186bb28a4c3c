// The API Explorer with the same question: `GetFunctionLogs` with the filters and the window of a view.

import { formatTime } from "../../../shared/time.ts";
import { installation } from "../../../shared/installation.ts";
import type { Filter } from "../../query/filter.ts";

const DAY_MS = 86_400_000;

/** The signed API takes a window of at most a day, so a longer one is its last day. */
export function explorerUrl(
  filter: Filter,
  ends: { readonly from_ms: number | undefined; readonly to_ms: number },
): string {
  const { zone } = installation();
  const from_ms = Math.max(ends.from_ms ?? 0, ends.to_ms - DAY_MS);
  const query: Record<string, string | undefined> = {
    Product: "scf",
    Version: "2018-04-16",
    Action: "GetFunctionLogs",
    Namespace: filter.namespace,
    FunctionName: filter.function,
    Qualifier: filter.qualifier,
    FunctionRequestId: filter.request_id,
    StartTime: formatTime(from_ms, zone),
    EndTime: formatTime(ends.to_ms, zone),
    "Filter.RetCode": filter.result === "failed" ? "not0" : filter.result === "ok" ? "is0" : undefined,
    "SearchContext.Keyword": filter.keyword,
  };
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, value);
  return `/explorer?${search.toString()}`;
}
