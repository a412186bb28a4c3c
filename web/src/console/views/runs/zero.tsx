// No rows: which filter removes most, and what to do about it.

import type { JSX } from "preact";

import { languageTag, useText } from "../../../shared/i18n.ts";
import { useLoaded } from "../../../shared/loading.ts";
import { go, withQuery } from "../../../shared/location.ts";
import { formatTime } from "../../../shared/time.ts";
import { loadRuns } from "../../data/api.ts";
import { FILTERS, filterChanges, filterOf } from "../../query/filter.ts";
import { spanChanges } from "../../query/span.ts";
import { Nothing } from "../../states.tsx";
import { askOf } from "./load.ts";
import { runsWords as w } from "./words.ts";

export function ZeroRows({ query, zone }: { readonly query: URLSearchParams; readonly zone: string }): JSX.Element {
  const t = useText();
  const filter = filterOf(query);
  const names = [...FILTERS, "keyword" as const].filter((name) => filter[name] !== undefined);
  const ask = askOf(query);
  const found = useLoaded(JSON.stringify(ask), async (signal) => {
    const { since: _since, from: _from, to: _to, sort: _sort, ...anywhere } = ask;
    const last = await loadRuns({ ...anywhere, limit: 1 }, signal);
    const without = await Promise.all(
      names.map(async (name) => ({
        name,
        total: (await loadRuns({ ...ask, [name]: undefined, limit: 0 }, signal)).total,
      })),
    );
    return { last: last.runs[0], without: without.filter(({ total }) => total > 0).sort((a, b) => b.total - a.total) };
  });
  const last = found.data?.last;
  const widen = (start_ms: number): void => {
    const HALF_HOUR_MS = 1_800_000;
    go(withQuery(spanChanges({ kind: "fixed", from_ms: start_ms - HALF_HOUR_MS, to_ms: start_ms + HALF_HOUR_MS })));
  };
  return (
    <Nothing title={names.length === 0 ? t(w.none_in_window) : t(w.none)}>
      <div class="chips">
        {found.data?.without.map(({ name, total }) => (
          <button key={name} type="button" class="button" onClick={() => go(withQuery({ [name]: undefined }))}>
            {t(w.without, { filter: `${name}:${filter[name]}`, n: total.toLocaleString(languageTag()) })}
          </button>
        ))}
        {names.length > 1 && (
          <button type="button" class="button" onClick={() => go(withQuery(filterChanges({})))}>
            {t(w.clear)}
          </button>
        )}
        {last !== undefined && (
          <button type="button" class="button" onClick={() => widen(last.StartTime)}>
            {t(w.widen, { time: formatTime(last.StartTime, zone, { offset: true }) })}
          </button>
        )}
      </div>
      {found.data !== undefined && last === undefined && names.length === 0 && <p>{t(w.never)}</p>}
    </Nothing>
  );
}
